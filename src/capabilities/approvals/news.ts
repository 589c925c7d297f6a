import type { Happening, Happenings } from '../../kernel/events.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Db } from '../../platform/db/index.ts';
import type { Approval, GivenDecision, ParkedRequest } from './types.ts';

export interface NewsDeps {
  happenings: Happenings;
  /** Who may decide, where nobody is named for an approval: such as `role:operator`. */
  usualApprovers: readonly string[];
  /** Arguments without what must not leave the house; undefined where that cannot be told. */
  shownArguments(org: OrgId, request: ParkedRequest): Json | undefined;
  linkTo(id: string): string | undefined;
}

/** Has those told whom an approval concerns. Each is written in the transaction that it is given. */
export interface ApprovalNews {
  requested(tx: Db, one: Approval, request: ParkedRequest): Promise<void>;
  decided(tx: Db, one: Approval, request: ParkedRequest, given: GivenDecision): Promise<void>;
  /** It is not to be decided any more, and nobody decided that: it expired, or is void. */
  over(tx: Db, one: Approval): Promise<void>;
}

export function createNews({ happenings, usualApprovers, shownArguments, linkTo }: NewsDeps): ApprovalNews {
  const concernedBy = ({ approvers = usualApprovers, kind, subject, state }: Approval): string[] => {
    const isOpen = state === 'pending' || state === 'deferred';
    // While it is open who asked has nothing to decide, unless it is for them to confirm; its end they want to know.
    return [...approvers, ...(subject.startsWith('user:') && (kind === 'confirm' || !isOpen) ? [subject] : [])];
  };

  const aboutOf = (one: Approval, request?: ParkedRequest): JsonObject => {
    const { id, kind, state, tool, asker, rule, needed, approvers, backup } = one;
    const isOpen = state === 'pending' || state === 'deferred';
    const args = isOpen && request ? shownArguments(one.org, request) : undefined;
    const link = linkTo(id);
    return {
      approval: id,
      kind,
      state,
      tool,
      asker: { id: asker.id, name: asker.name },
      rule,
      needed,
      ...(approvers ? { approvers: [...approvers] } : {}),
      ...(request?.endpoint === undefined ? {} : { endpoint: request.endpoint }),
      ...(args === undefined ? {} : { arguments: args }),
      ...(backup ? { backupBy: backup.tool } : {}),
      ...(link === undefined ? {} : { link }),
      createdAt: new Date(one.createdAt).toISOString(),
      expiresAt: new Date(one.expiresAt).toISOString(),
    };
  };

  const publish = (tx: Db, type: string, one: Approval, data: JsonObject, except: readonly string[]) => {
    const to = [...concernedBy(one), ...except.map((whom) => `not:${whom}`)];
    const happening: Happening = { type, org: one.org, subject: one.id, data, to };
    return happenings.publish(tx, happening);
  };

  const asker = ({ kind, subject, asker: { id } }: Approval) => (kind === 'confirm' ? [id] : [subject, id]);

  return {
    requested: (tx, one, request) => publish(tx, 'approval.requested', one, aboutOf(one, request), asker(one)),
    decided(tx, one, request, { decision, by, name, subject, comment, edited }) {
      const isOpen = one.state === 'pending' || one.state === 'deferred';
      const data = {
        ...aboutOf(one, request),
        decision,
        by: { id: by, name },
        ...(comment === undefined ? {} : { comment }),
        ...(edited ? { edited } : {}),
      };
      return publish(tx, 'approval.decided', one, data, [subject, by, ...(isOpen ? asker(one) : [])]);
    },
    over(tx, one) {
      const type = one.state === 'void' ? 'approval.void' : 'approval.expired';
      return publish(
        tx,
        type,
        one,
        { ...aboutOf(one), ...(one.reason === undefined ? {} : { reason: one.reason }) },
        [],
      );
    },
  };
}
