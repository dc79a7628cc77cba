-- ARGV: dead letters as they were exported, each as eleven texts. Those that are here already stay as they are.
local restored = 0
for _ = 1, #ARGV / 11 do
  local id, task, sink, records, payload, reason, kept = arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local history = { created = arg(), attempts = arg(), error = arg() }
  if write_letter(id, task, sink, records, payload, reason, kept, arg(), history) then restored = restored + 1 end
end
return restored
