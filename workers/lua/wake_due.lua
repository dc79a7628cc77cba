-- ARGV: task, key of its Celery queue, most ids, patience, longest patience. Claims parcels whose wake-up may be lost.
local task, queue, most, patience, longest = arg(), arg(), number(), number(), number()
local due, now = due_key(task), clock()

-- While anything waits, the clock is looked at; once it has been set back, it is put right for all scripts.
local NOTED_EVERY, SET_BACK = 2, 1
local function tick()
  local last = tonumber(redis.call('HGET', CLOCK, 'last') or 0)
  if now > last - SET_BACK and now < last + NOTED_EVERY then return end
  redis.call('PERSIST', CLOCK)
  if now < last then
    redis.call('HINCRBYFLOAT', CLOCK, 'missing', last - now)
    now = last
  end
  redis.call('HSET', CLOCK, 'last', now)
end

if redis.call('ZCARD', due) == 0 then
  if redis.call('EXISTS', born_key('analyze'), born_key('deliver')) == 0 then redis.call('DEL', CLOCK) end
  return {}
end
tick()
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
