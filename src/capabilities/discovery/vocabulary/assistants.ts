// Assistants that write code. One line a thing: how tools call it, then what people say for it.

export const assistants = `
agent task < agent session, ai do, background task, coding agent, coding task, let the ai
content exclusion < do not train, hide from copilot, ignore files, keep away from copilot
copilot < ai, ai assistant, assistant, code completion, coding agent, coding assistant, llm, pair programmer
copilot metrics < copilot adoption, copilot usage, how much copilot, suggestions accepted
copilot seat < copilot license, copilot user, copilot users, license, pay for copilot, seat, subscription, who uses copilot
copilot space < ai context, copilot context, knowledge for copilot, shared context
`;
