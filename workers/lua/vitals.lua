-- ARGV: tasks. For each, seconds since the last sign of work while something waits (else 0), and the last error of
-- the oldest parcel.
local now, said = clock(), {}
for _ = 1, #ARGV do
  local task = arg()
  local oldest = redis.call('ZRANGE', born_key(task), 0, 0, 'WITHSCORES')
  local idle, problem = 0, ''
  if oldest[1] then
    local worked = tonumber(redis.call('HGET', 'dial:progress', task) or 0)
    idle = math.max(0, now - math.max(worked, tonumber(oldest[2])))
    problem = redis.call('HGET', parcel_key(oldest[1]), 'error') or ''
  end
  said[#said + 1] = string.format('%.3f', idle)
  said[#said + 1] = problem
end
return said
