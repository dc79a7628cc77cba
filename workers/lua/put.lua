-- ARGV: most parcels and greatest age in seconds that may be waiting already (0: any), patience, then parcels,
-- letters, counts. All or nothing; what is said instead of "" is why nothing was written.
local most, oldest, patience = number(), number(), number()
local now = clock()
local parcels, born = 0, now
for _, task in ipairs({ 'analyze', 'deliver' }) do
  parcels = parcels + redis.call('ZCARD', due_key(task))
  local first = redis.call('ZRANGE', born_key(task), 0, 0, 'WITHSCORES')
  if first[2] then born = math.min(born, tonumber(first[2])) end
end
if most > 0 and parcels >= most then return 'backlog_too_large' end
if oldest > 0 and now - born > oldest then return 'backlog_too_old' end
write_rest(now, patience)
return ''
