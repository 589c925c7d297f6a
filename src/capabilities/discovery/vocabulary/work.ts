// Tickets, boards, messages and what is said about them. One line a thing: how tools call it, then what people say for it.

export const work = `
activity < been up to, busiest, busy, done lately, going on, happen, happenings, lately, recent, recently, timeline,
  what happened
assignment < homework, student
board < sprint, swimlane
bug < defect
child < below, children, inside, subproject
comment < annotation, answer, chime in, conversation, discuss, discussion, feedback, mention, mention that, message, note,
  opinion, put a note, remark, reply, respond, said, say, say something, spam, talk, thoughts, what people say, wording,
  write back, wrote
console messages < console
conversation < chat, discuss, discussion, talk
defect < bug
dependency blocked by < blocked, blocker, cannot start, depends on, held up, holding up, holds up, in the way,
  must be done first, prerequisite, stuck, waiting for, waits for
dependency blocking < blocks, depend on this, holding up, holds up, is blocking
discussion < chat, conversation, debate, discuss, forum, q and a, talk
due date < deadline, due
estimate < story points
event < activity, appointment, been up to, calendar, call, every time, going on, happen, happened, history, meeting,
  recent activity, timeline, what happened, what has been done, whenever
field < attribute, column, custom field, effort, estimate, extra field, priority, property, schema, size, story points, value
issue < backlog, bug, bug report, card, complaint, crash, defect, epic, exception, feature request, glitch, incident, problem,
  report, something broken, story, task, ticket, todo, triage, trouble, work item
issue type < bug or feature, category of issue, kind of issue, kind of ticket
item < card, entry, row, ticket on the board
label < badge, categorise, categorize, category, classify, color, colour, flag, mark as, marker, priority, sticker, tag, tags,
  triage
meeting < call, standup
milestone < by when, deadline, due, due date, goal, iteration, release plan, roadmap, sprint, target date, version plan
notification < alerts me, bell, inbox, inform, mention, mentioned, mentions, news, news for me, notify, pings, unread,
  what is new
notify < page someone, tell
order < purchase, reorder, sort
parent < epic
parent issue < above, belongs to, bigger ticket, epic, parent, umbrella
points < estimate
priority < prioritize
project < backlog, board, kanban, planning, roadmap, sprint, table of tasks
project item < card, entry
reaction < cheer, clap, emoji, heart, laugh, like, plus one, react, reacted, rocket, smiley, thumbs, thumbs up
search: issues < assigned to me, my tickets, unassigned, waiting for me
sub < break down, child, split, subproject
sub issue < breakdown, broken down, child, child ticket, children, epic, part of, pieces, smaller, smaller tasks, sub task,
  subtask
subject < topic
subscription < following, mute, notified, paid, subscribe, subscribed, subscriber, watch, watched, watching
suggestion < advice, hint, proposal, proposed, recommendation
task < coding task, reminder, todo
thread < conversation, discussion, mail thread, mute, notification
ticket < bug
transition < in progress, move to
`;
