-- ARGV: id, new lease token, lease seconds, most attempts, how much of a letter is kept. Counts the attempt before
-- the work is done.
local id, lease, seconds, most, kept = arg(), arg(), number(), number(), arg()
local key = parcel_key(id)
local was = redis.call('HMGET', key, 'task', 'not_before', 'leased_until', 'attempts', 'lease', 'sink')
if not was[1] then return false end
local wanted = { 'task', 'sink', 'payload', 'records', 'attempts', 'created', 'error', 'waits' }
-- The same question again, because the answer got lost on the way.
if was[5] == lease then return redis.call('HMGET', key, unpack(wanted)) end
local now = clock()
if tonumber(was[2]) > now or tonumber(was[3]) > now then return false end
-- Events hold no words, but for those on their way to spans, if spans are to tell what was said.
if was[1] == 'deliver' and was[6] ~= 'otel' and kept == 'no_bodies' then kept = 'full' end
-- Bodies are taken out by whoever gets the parcel once more, only to bury it; should that fail, nothing is kept.
if kept == 'no_bodies' then most = most + 1 end
if tonumber(was[4]) >= most then
  bury(id, 'max_attempts', now, kept == 'full' and 'full' or 'none', '')
  return false
end
-- PERSIST changes nothing, but a script whose first write needs no memory may go on in a full Redis.
redis.call('PERSIST', key)
redis.call('HINCRBY', key, 'attempts', 1)
redis.call('HSET', key, 'lease', lease, 'leased_until', now + seconds, 'wakes', 0)
redis.call('ZADD', due_key(was[1]), now + seconds, id)
progress(was[1], now)
return redis.call('HMGET', key, unpack(wanted))
