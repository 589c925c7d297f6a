import type { Migration } from '../../../platform/db/types.ts';

export const invitationMigrations: Migration[] = [
  {
    name: 'signin/0004_links_name_their_person',
    sql: `
      -- Whose account it was when the link was made: somebody who came later under the same address is another person.
      alter table signin_invitations add column user_id text;
      -- Whether a reset was made by somebody whose business all organisations of the person are.
      alter table signin_invitations add column everywhere boolean not null default false;
      create index signin_invitations_by_user on signin_invitations (user_id);
    `,
  },
];
