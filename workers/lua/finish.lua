-- ARGV: id, lease token, patience, then what follows: parcels, letters, counts. One step, only with the lease.
local id, lease, patience = arg(), arg(), number()
if not holds(id, lease) then return 0 end
local was = redis.call('HMGET', parcel_key(id), 'task', 'sink')
-- Removing comes first: it frees memory, and lets a full Redis take what follows.
remove_parcel(id, was[1])
if was[2] ~= '' then redis.call('HDEL', 'dial:paused', was[2]) end
local now = clock()
progress(was[1], now)
write_rest(now, patience)
return 1
