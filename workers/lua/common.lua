-- Shared by every script and put in front of it. All keys, all times: Redis' own clock decides, never a worker's.
-- Keys are made from ids here, so this is for one Redis (or a sentinel group), not for a cluster.

local at = 0
local function arg()
  at = at + 1
  return ARGV[at]
end
local function number() return tonumber(arg()) end

-- A machine's clock may be set back. The sweepers notice (wake_due.lua), and what is missing is added from then on.
local CLOCK = 'dial:clock'

local function clock()
  local time = redis.call('TIME')
  local missing = redis.call('HGET', CLOCK, 'missing')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000 + (tonumber(missing or 0))
end

local function parcel_key(id) return 'dial:parcel:' .. id end
local function letter_key(id) return 'dial:letter:' .. id end

-- When a worker last did something for a task: took a parcel, finished one or gave one back.
local function progress(task, now)
  redis.call('HSET', 'dial:progress', task, now)
end

-- When a parcel is next due, and (for the age of the backlog) when it was made.
local function due_key(task) return 'dial:due:' .. task end
local function born_key(task) return 'dial:born:' .. task end

-- A parcel that is already there stays as it is: ids of followers are deterministic, so it is the same one.
local function add_parcel(id, task, sink, records, payload, now, due)
  local key = parcel_key(id)
  if redis.call('EXISTS', key) == 1 then return end
  redis.call('HSET', key, 'task', task, 'sink', sink, 'records', records, 'payload', payload, 'created', now,
    'attempts', 0, 'waits', 0, 'wakes', 0, 'not_before', 0, 'lease', '', 'leased_until', 0, 'error', '')
  redis.call('ZADD', due_key(task), due, id)
  redis.call('ZADD', born_key(task), now, id)
end

local function remove_parcel(id, task)
  redis.call('DEL', parcel_key(id))
  redis.call('ZREM', due_key(task), id)
  redis.call('ZREM', born_key(task), id)
end

-- The id of a letter is a digest of what it holds: the same records refused again make no second letter.
local function write_letter(id, task, sink, records, payload, reason, kept, buried, history)
  local key = letter_key(id)
  if redis.call('EXISTS', key) == 1 then return false end
  redis.call('HSET', key, 'task', task, 'sink', sink, 'records', records, 'payload', payload, 'reason', reason,
    'kept', kept, 'buried', buried, 'created', history.created or buried, 'attempts', history.attempts or 0,
    'error', history.error or '')
  redis.call('ZADD', 'dial:letters', buried, id)
  redis.call('HINCRBY', 'dial:letter_reasons', reason, 1)
  return true
end

local function add_letter(id, task, sink, records, payload, reason, kept, now, history)
  if write_letter(id, task, sink, records, payload, reason, kept, now, history) then
    redis.call('HINCRBY', 'dial:counters', 'buried:' .. reason, records)
  end
end

local function remove_letter(id)
  local key = letter_key(id)
  local reason = redis.call('HGET', key, 'reason')
  if not reason then return false end
  redis.call('DEL', key)
  redis.call('ZREM', 'dial:letters', id)
  if redis.call('HINCRBY', 'dial:letter_reasons', reason, -1) <= 0 then
    redis.call('HDEL', 'dial:letter_reasons', reason)
  end
  return true
end

-- The parcel itself, moved aside with its history. Unless it is kept whole as it is, `rest` stands for what it held.
local function bury(id, reason, now, kept, rest)
  local was = redis.call('HMGET', parcel_key(id), 'task', 'sink', 'records', 'payload', 'created', 'attempts', 'error')
  remove_parcel(id, was[1])
  local payload = kept == 'full' and rest == '' and was[4] or rest
  add_letter(id, was[1], was[2], was[3], payload, reason, kept, now,
    { created = was[5], attempts = was[6], error = was[7] })
end

-- Models are named by callers: once there are a hundred without a price, all others count as one.
local function bounded(counter)
  if counter:sub(1, 9) ~= 'unpriced:' or redis.call('HEXISTS', 'dial:counters', counter) == 1 then return counter end
  if redis.call('SCARD', 'dial:unpriced_models') >= 100 then return 'unpriced:other' end
  redis.call('SADD', 'dial:unpriced_models', counter)
  return counter
end

-- The rest of ARGV: new parcels, letters and counts, each list led by its length.
local function write_rest(now, patience)
  for _ = 1, number() do
    add_parcel(arg(), arg(), arg(), arg(), arg(), now, now + patience)
  end
  for _ = 1, number() do
    add_letter(arg(), arg(), arg(), arg(), arg(), arg(), arg(), now, {})
  end
  for _ = 1, number() do
    redis.call('HINCRBY', 'dial:counters', bounded(arg()), arg())
  end
end

-- A lease is fenced by its token: whoever lost it to another can no longer change the parcel.
local function holds(id, lease)
  return lease ~= '' and redis.call('HGET', parcel_key(id), 'lease') == lease
end
