-- ARGV: task, key of its Celery queue, most ids, patience, longest patience. Claims parcels whose wake-up may be lost.
local task, queue, most, patience, longest = arg(), arg(), number(), number(), number()
local due, now = due_key(task), clock()
-- As many messages as parcels means that the queue is long, not that anything is lost.
local spare = redis.call('ZCARD', due) - redis.call('LLEN', queue)
if spare < most then most = spare end
if most <= 0 then return {} end
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
  local key = parcel_key(id)
  redis.call('PERSIST', key)
  if redis.call('EXISTS', key) == 1 then
    local wakes = redis.call('HINCRBY', key, 'wakes', 1)
    redis.call('ZADD', due, now + math.min(longest, patience * 2 ^ wakes), id)
    claimed[#claimed + 1] = id
  else
    remove_parcel(id, task)
  end
end
return claimed
