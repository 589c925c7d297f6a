// Repositories, branches, changes and their review. One line a thing: how tools call it, then what people say for it.

export const code = `
archive < backup, deprecate, export, mothball, read only, snapshot, source, source download, tarball, zip
autolink < cross reference, external reference, jira reference, link automatically, shortcut, ticket reference, turn into links
blob < binary, file object, git object
branch < checkout, develop, feature branch, head, hotfix, line of work, main, master, trunk
branch protection < before merging, direct push, force push, guard, may push, protect, protect main, protected, push directly,
  push to main, required before merge, safeguard, straight to main, who can push
clones < checkout, cloned, downloads of the repo, how often cloned, traffic
code < definition
code frequency < additions, churn, deletions, lines added, lines changed, lines of code, lines removed
code of conduct < behavior, behaviour, community rules, conduct, etiquette, manners
commit < author, blame, change, changed, changes, changeset, check in, checkin, cherry pick, contributor, git log, hash,
  history, last change, patch, push, revision, revisions, sha, what changed, who changed, wrote
commit activity < busy, commits by week, commits per day, commits per week, how active, last year, past year
community profile < community standards, contributing guide, healthy project
contents < body, code of, file in the repo, inside, readme, source file, text, text of, what is in
deadline < due
default < automatically, by default, for new, out of the box, standard
default branch < main, main branch, master, trunk
definition < defined
dependency < blocked by, blocking, depend, depends on, waiting for
diff < between, changed, changes, patch
draft < not ready, not yet published, unfinished, wip, work in progress
function < lambda
geocode < coordinate
gist < code fragment, code snippet, paste, pastebin, scrap of code, scratch, small script, snippet
git tree < submodule
gitignore < ignore file, ignore template, ignored files
hash algorithm < hash function, object format, sha1, sha256
history < been up to, changes to, commits, earlier, evolution, happen, log, older versions, over time, past, previous versions,
  revisions, what changed, who changed
inline < line
inline comment < line, remark, review comment
language < programming language, tech stack, what languages, written in
lfs < big files, large file, large file storage, large files
library < module
license < apache, copyright, gpl, legal, mit, open source license, seat, terms, under which terms
line < inline, lines
merge queue < line up, queue
migration < export, move, moving away
note < annotation, write down
overview < summary
participation < owner and others, weekly commit count
policy < rule
pull < read access
pull request < change request, changeset, code review, contribution, merge conflict, merge request, my changes, open review,
  patch, proposed change, ready for review, up for review, work in progress
punch card < hour of day, hours, per hour, time of day, weekday, when do people commit
readme < docs, documentation, front page, intro, introduction, landing page, read me
reference < branch, head, pointer, ref, sha, tag
referral < referrer
referrer < come from, coming from, refer, refers, source of visitors, traffic, visitor, visitors, where do visitors
refresh < regenerate, reload, renew, rotate
repository < code, code base, codebase, home of, monorepo, project, source, source code, source tree, submodule
required status check < before merge, before merging, block merge, gate, has to pass, have to pass, mandatory, mandatory check,
  must be green, must pass, need to pass, pass before, required
revert < pull back, undo
review comment < at line, code comment, diff, inline, line, line comment, on line, remark
review thread < discussion, resolved, thread
rollback < downgrade, previous version
rule < mandatory, must, policy, protect, require
ruleset < convention, enforce, guard, guardrail, guards, naming convention, policy, protection, rule, rules
sha < hash
sources < referrer
stack < chain, chained, depend on each other, dependent, on top of each other, pile, series, stacked
tag < categorize, git tag, mark a version, version
template < blueprint, boilerplate, cookie cutter, scaffold, skeleton, starter
timeline < happen
top paths < most visited, popular content, popular pages
topic < category, keyword, keywords, subject, tags of the repo
traffic < audience, hits, how popular, page views, popular, popularity, views, visitor, visitors, visits, who visits
tree < directory structure, draw, folder structure, hierarchy, nested, recursively, structure
upstream < original repo, parent repo, source of the fork, sync, up to date
views < how popular, look at, page views, peek, popularity, see, seen, traffic, visitor, visitors, visits
visibility < hidden, hide, internal, make public, open source it, private, public, secret, who can see
`;
