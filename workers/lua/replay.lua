-- ARGV: ids of dead letters. Each that was kept whole becomes a parcel again, with its attempts forgotten and due
-- at once; the others stay.
local now, replayed = clock(), 0
for _ = 1, #ARGV do
  local id = arg()
  local was = redis.call('HMGET', letter_key(id), 'task', 'sink', 'records', 'payload', 'kept')
  if (was[5] or 'full') == 'full' and remove_letter(id) then
    add_parcel(id, was[1], was[2], was[3], was[4], now, now)
    replayed = replayed + 1
  end
end
return replayed
