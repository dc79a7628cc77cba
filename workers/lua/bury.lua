-- ARGV: id, lease token, reason.
local id, lease, reason = arg(), arg(), arg()
if not holds(id, lease) then return 0 end
bury(id, reason, clock())
return 1
