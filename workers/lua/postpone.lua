-- ARGV: id, lease token, delay seconds, error code, whether the attempt counts (1/0), pause code or '', then counts.
local id, lease, delay, problem, counted, pause = arg(), arg(), number(), arg(), number(), arg()
if not holds(id, lease) then return 0 end
local key, now = parcel_key(id), clock()
redis.call('PERSIST', key)
if counted == 0 then
  redis.call('HINCRBY', key, 'attempts', -1)
  redis.call('HINCRBY', key, 'waits', 1)
end
redis.call('HSET', key, 'lease', '', 'leased_until', 0, 'not_before', now + delay, 'wakes', 0, 'error', problem)
local was = redis.call('HMGET', key, 'task', 'sink')
redis.call('ZADD', due_key(was[1]), now + delay, id)
progress(was[1], now)
if pause ~= '' then redis.call('HSET', 'dial:paused', was[2], pause) end
write_rest(now, 0)
return 1
