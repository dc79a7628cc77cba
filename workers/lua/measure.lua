-- ARGV: most series, key of the overflow, seconds to remember an event, then events: their number, and for each
-- day, id, labels, number of counters, counters and by how much. Adds each event once, however often it is told.
local most, overflow, remember = number(), arg(), number()
-- The first write needs no memory, so that a full Redis lets the rest through: what is measured here is part of
-- work that will free memory.
redis.call('PERSIST', 'dial:genai')
redis.call('SETNX', 'dial:genai:since', string.format('%.0f', clock() * 1000))

local function series(labels)
  if redis.call('SISMEMBER', 'dial:genai:series', labels) == 1 then return labels end
  if redis.call('SCARD', 'dial:genai:series') >= most then return overflow end
  redis.call('SADD', 'dial:genai:series', labels)
  return labels
end

local days, sums, fresh = {}, {}, 0
for _ = 1, number() do
  local day, id, labels, counters = 'dial:genai:seen:' .. arg(), arg(), arg(), number()
  local new = redis.call('SADD', day, id) == 1
  if new then
    days[day], labels, fresh = true, series(labels), fresh + 1
  end
  for _ = 1, counters do
    local key, by = arg() .. ' ' .. labels, number()
    if new then sums[key] = (sums[key] or 0) + by end
  end
end
for day in pairs(days) do redis.call('EXPIRE', day, remember) end

local function add(key, by) return redis.call('HINCRBY', 'dial:genai', key, string.format('%.0f', by)) end
-- Parts of a unit of money become units, so that no sum ever leaves the range of whole numbers.
local PICO = 1000000000000
for key, by in pairs(sums) do
  local total = add(key, by)
  if key:sub(1, 10) == 'cost.pico ' and total >= PICO then
    local whole = math.floor(total / PICO)
    add(key, -whole * PICO)
    add('cost.units ' .. key:sub(11), whole)
  end
end
return fresh
