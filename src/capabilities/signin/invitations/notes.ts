import type { SsoProviderSettings } from '../../../config/schema.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Member } from '../members/store.ts';

interface Circumstances {
  org: OrgId;
  email: string;
  /** Who has the address in this organisation already. */
  member: Member | undefined;
  /** Of single sign-on, by their names; those of other organisations too. */
  providers: Readonly<Record<string, SsoProviderSettings>>;
}

/** What whoever invites somebody should know of how the link will be used, or that it will not. In whole sentences. */
export function invitationNotes({ org, email, member, providers }: Circumstances): string[] {
  const own = Object.entries(providers).filter(([, one]) => one.org === org);
  const titleOf = (name: string) => providers[name]?.title ?? name;
  if (member) {
    const { follows } = member;
    return follows === undefined
      ? [
          `${email} is a member of ${org} already: role and teams of this invitation count once they open the link. To change them now: fairlead users change`,
        ]
      : [
          `${email} is a member of ${org} already, with role and teams by their groups at ${titleOf(follows)}: the link changes nothing for who comes by it. Change the groups there, or say it here from now on: fairlead users change with --follow none`,
        ];
  }
  if (!own.some(([, { required }]) => required)) return [];
  const domain = email.slice(email.indexOf('@') + 1).toLowerCase();
  const fitting = own.filter(([, { emailDomains }]) => !emailDomains || emailDomains.includes(domain));
  const titles = (list: typeof own) => list.map(([name]) => titleOf(name)).join(' or ');
  if (fitting.length === 0)
    return [
      `${org} lets people in by ${titles(own)} alone, which is not asked about addresses of ${domain} (emailDomains): the link lets nobody in. Add the domain, or invite another address.`,
    ];
  return [
    `${org} lets people in by ${titles(fitting)} alone: whoever opens the link signs in there, and has to have the address ${email} there, verified. No password is chosen.`,
  ];
}
