-- ARGV: seconds that a dead letter may last, most of them at once. Forgets the oldest whose time is up.
local lasting, most = number(), number()
local expired = redis.call('ZRANGEBYSCORE', 'dial:letters', '-inf', clock() - lasting, 'LIMIT', 0, most)
for _, id in ipairs(expired) do
  local records = tonumber(redis.call('HGET', letter_key(id), 'records'))
  if remove_letter(id) then
    redis.call('HINCRBY', 'dial:counters', 'expired', records)
  else
    redis.call('ZREM', 'dial:letters', id)
  end
end
return #expired
