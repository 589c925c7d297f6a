// Files, pages, the web, media and places. One line a thing: how tools call it, then what people say for it.

export const content = `
active < running
advisory < vulnerability
agent < ai, assistant, bot, coding task
alias < nickname
allowed directories < access, access to, allowed, sandbox, touch, work in
asset < attach, attachment, binary, installer
attachment < attach
audio < sound
backup < dump, snapshot
base64 < binary, encode
batch < bulk, multiple
binary < base64, encode
body < wording
break down < split
bucket < s3
bulk < at once, many, multiple, one go
bytes < size
calendar event < appointment, call, invite, meeting
capture < record, screenshot, snapshot, take
channel < chat, chat room, conversation, group, group chat, room
classroom < course, homework, student
click < button, hit, mouse, press, push, select, tap
command < shell, terminal
compile < build
complete < close, done, finish, finished, succeed
compressed < gzip, smaller, zip
connection < integration
context < namespace, switch
cookie < log out, session
coordinates < coordinate, latitude
copilot agent < coding agent
crawl < scrape
create: directory < make folder, mkdir, new folder, subfolder
daily < day, per day
date < today, when, yesterday
days < retention, today, yesterday
directory < below, dir, filesystem, folder, home, inside, location, path, place, subfolder
directory sizes < biggest files, disk usage, how big, largest, space, which files are big
directory tree < everything below, everything under, hierarchy, nested, recursive, structure, subfolders, tree
dns < domain
document < doc, note, notes, page, wiki
documentation < docs
duration < how long, minutes
echo < parrot, repeat, return what i say, say, say back
edit: file < change a word, change line, find and replace, fix typo, insert line, patch, patch a file, replace, replace text,
  substitute, swap
element < button
email message < letter, mail
environment variables < env, env vars, environment, process environment
expire < expiry
external < contractor, guest
extract < scrape
fetch < crawl, download page, grab, load, page text, pull, read website, scrape, url, website content
file < asset, attachment, binary, blob, code, csv, document, filesystem, installer, path, pdf, script, source file, text file,
  txt
file info < how big, how old, last changed, metadata, size, stat, timestamp, when modified
fill < enter, fill in, type
first < beginning
first lines < beginning, head, start of, top
form < fill in
go back < back
gzip < archive, compress, gz, pack, zip
head < beginning, first lines
hierarchy < tree
hourly < busiest
hover < mouse
ignore < mute
image < drawing, icon, logo, photo, picture, png, screenshot, thumbnail
in < inside
inactive < stale, unused
info < properties, stat
init < initialize
input < type
instance < cloud machine
interaction restrictions < cool down, only contributors, who can comment
invalidate < revoke
ip < network
iteration < sprint
keep < retention
largest < biggest
last < end
last activity < inactive
last lines < bottom, end, tail
last modified < modified
latest < newest, recent
leave < quit
link < associate, connect, cross reference, hyperlink, permalink, reference, shortcut, url
list: directory < dir, files in, folder, folder content, ls, what files, what is in the folder, which files
local < near, near me, nearby
location < where
long running < long, progress, slow, takes a while, takes long
markdown < formatted text, md, readme text, rich text
match < pattern
media < audio, base64, binary, mime, sound, video
message < announce, chat, conversation, direct message, dm, inbox, inform, notify, ping, post, queue, say, talk, tell, text,
  write to
modal < popup
model < ai, llm
modification < modified
monthly < month
most < top
move: file < mv, put somewhere else, relocate, rename file
multiple < at once, both, bulk, many, one go, several
multiple files < a few files, all of them, both files, many files, several files, these files
navigate < browse, go to, open, open page, open url, surf, url, visit
nested < child
network < ip
object < blob, bucket, s3
old < stale
option < dropdown
outside < external
panel < dashboard
path < where
pattern < glob, match, regex, wildcard
pause < hold
pending < awaiting, wait for, waiting, waiting for
poll < wait
popular < top, trend
presentation < slide
previous < back
production < prod
prometheus < metric
publicize < make public
push < write access
queue < topic
read: media file < audio, base64, gif, icon, image, jpeg, jpg, logo, mp3, photo, picture, png, sound, video
read: text file < cat, contents of, look inside, open file, print file, text of, what does it say
reason < why
recording < film, record, rows, video
recursive < nested, recursively, tree
regenerate < rotate
reload < refresh, reset
reset < clear, regenerate, renew, rotate
resize < window
revision < previous version
scrape < crawl
screenshot < capture, how does it look, photo, picture, picture of the page, snapshot
search: files < by name, ending in, ends in, extension, find file, glob, named, pattern, where is the file, wildcard
select < choose, dropdown, pick, switch
several < multiple
site < crawl
size < biggest, space
small < tiny
snapshot < backup
split < break down
stale < inactive, outdated
sum < add, add numbers, add up, added, addition, calculate, plus, sum up, total, two numbers
tail < end, last lines
tar archive < tarball
temperature < weather
text < line, lines, wording
top < biggest, popular
type < enter, fill, input, write
under < below
undo < take back
upgrade < bump
url < permalink
validate < valid
video < film
visible < see, seen
waiting < pending
warning < annotation
web < browse
web page < article, link, site, url, website
web search < google, internet, news, online, search the web
website < domain
weekly < per week, week
write: file < create file, dump into, new file, overwrite, put into a file, save, store, store as, write
`;
