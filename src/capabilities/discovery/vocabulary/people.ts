// People, and who may do what. One line a thing: how tools call it, then what people say for it.

export const people = `
access < allowed, allowed to, can do, can use, enter, entry, get at, get into, may do, may use, reach, reachable, who can,
  who may
admin < owner
assignee < in charge, looks after, on it, on me, owner, responsible, takes care, who does, who is working on, who works on,
  whose job
attendee < invite
authenticated user < about me, am i, did i, do i, have i, i am, i have, logged in, mine, my, my account, my own, my profile,
  myself, signed in, who am i
author < blame, by whom, contributor, creator, who made, who wrote, whose, written by, wrote
codeowners < code owner, responsible, who maintains, who owns, whose code
collaborator < access, admin access, can edit, can push, co author, helper, let in, let push, maintainer, may edit, may merge,
  may push, people with access, push access, read access, share with, who can access, who can push, who has access,
  work with us, write access
contributor < active developers, authors, committers, contribute, contributed, developers, most active, top developers,
  who commits, who works on, who wrote, worked on
deploy key < key of a repo, machine access, machine key, read only key, server access, server key
email < contact, e-mail, inbox, mail, mail address, mailbox
enterprise < company, company wide, corporate, corporation, group wide, whole company
followed < follow, follows, i follow, who do i follow
follower < audience, fans, followers, follows me, who follows
gpg key < pgp, sign commits, signing, verified commits
interaction < cool down, existing users, new users, only collaborators, only contributors, temporarily, trolls
invitation < asked to join, invite, invited, not yet accepted, pending member, waiting to join
member < belong, belongs, colleague, coworker, crew, employee, everybody in, everyone in, headcount, hire, join, joined,
  maintainer, new hire, part of, people, people in, personnel, roster, staff, teammate, teammates, who, who belongs, who is in,
  workmate
membership < belong to, belongs, is in, joined, joining, leave, part of, role in
name < alias, nickname, title
organization < agency, business, company, company wide, corp, corporation, division, employer, everywhere, firm, org wide,
  shared, whole company
outside collaborator < agency, consultant, contractor, external, freelancer, guest, non member, not in the org, partner,
  third party, vendor
owner < belongs to, in charge, maintainer, ownership, responsible, who owns, who runs, whose
people < colleagues, developers, person, who
permission < able to, access level, allow, allowed, allowed to, authorised, authority, authorized, can do, can he, can she,
  can they, can use, clearance, entitled, give access, grant, grant access, level of access, may, may do, may use, policy,
  privilege, privileges, push access, read access, read only, restrict, rights, share, trust, who can, who may, write access
profile < about, about me, avatar, bio, display name, introduce, personal page, social media, who is
public member < publicly visible, visible to everyone
restriction < ban, block, cannot, exclusively, forbid, guard, keep out, limit, limit to, may not, must not, no one, no one else,
  nobody, nobody else, not allowed, off limits, only, only admins, only members, prevent, restrict, should not
reviewer < approver, ask to look, have a look, look at, review, second pair of eyes, waiting for, who reviews, whose turn
role < admin, demote, job title, maintainer, owner, position, privileges, promote, rank, responsibilities, rights
seat < assigned, copilot user, licence, license, subscription, who uses copilot
signing key < sign commits, signature, verified
social account < facebook, instagram, linkedin, mastodon, social media, twitter
ssh key < git access, laptop key, log in from, machine key, new laptop, public key
stargazer < fans, likes, star, starred, stars, who likes, who starred
team < chapter, crew, department, division, group, guild, squad, teammate, teammates, tribe, unit, working group
user < account, author, avatar, colleague, dev, developer, guy, handle, human, individual, login, people, person, profile,
  somebody, someone, staff, username, who, who is
username < handle
watcher < followers, subscribed, watch, who watches
`;
