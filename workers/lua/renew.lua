-- ARGV: id, lease token, lease seconds.
local id, lease, seconds = arg(), arg(), number()
if not holds(id, lease) then return 0 end
local key, now = parcel_key(id), clock()
redis.call('PERSIST', key)
redis.call('HSET', key, 'leased_until', now + seconds)
redis.call('ZADD', due_key(redis.call('HGET', key, 'task')), now + seconds, id)
return 1
