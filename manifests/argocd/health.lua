-- SPDX-License-Identifier: Apache-2.0
-- The health of a SchemaMigration in Argo CD: docs/reference/readers.md says how it is installed, and what it answers.
-- Failed alone is Degraded. What waits for a person, or for the clock, is Suspended; whatever else waits is Progressing.

-- These do not pass by themselves: docs/reference/reasons.md says what opens each.
local suspended = {
  Suspended = true, NotBefore = true, OutsideWindow = true, RestTooShort = true,
  SpecInvalid = true, JobRefused = true, PodRefused = true, JobNameTaken = true,
  PrerequisiteForbidden = true, NamespaceNotAllowed = true, DatabaseNotSeen = true, Soaking = true, SoakInvalid = true,
  DependencyFailed = true, DependencyCycle = true, VersionTaken = true,
  VersionUnknown = true, ApplicationForbidden = true, ConstraintInvalid = true, WindowInvalid = true,
  ApprovalMissing = true, ApprovalOutdated = true, ApprovalRevoked = true, ApprovalsUnknown = true,
  EndUnproven = true, PodVanished = true,
}

local status = obj.status or {}

local function is_true(kind)
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == kind then
      return condition.status == "True"
    end
  end
  return false
end

local function judge()
  if obj.metadata.deletionTimestamp ~= nil then
    return "Progressing", "it is being deleted"
  end
  if status.observedGeneration ~= obj.metadata.generation then
    return "Progressing", "the controller has not judged this spec yet"
  end
  if status.phase == "Failed" then
    return "Degraded", status.message
  end
  if is_true("Ready") then
    return "Healthy", status.message
  end
  if status.phase == "Waiting" and suspended[status.reason] then
    return "Suspended", status.message
  end
  return "Progressing", status.message
end

local hs = {}
hs.status, hs.message = judge()
return hs
