import { isObject, type JsonObject } from '../kernel/json.ts';
import { moment, plain, type Screen } from './terminal.ts';

/** One approval, for people: what is to be called, by whom, and what was decided. */
export function showApproval(screen: Screen, one: JsonObject): void {
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  const asker = isObject(one.asker) ? one.asker : {};
  screen.facts([
    ['approval', text(one.id)],
    ['state', one.outcomeUnknown === true ? `${one.state}, and nobody knows whether it took effect` : text(one.state)],
    ['tool', text(one.tool)],
    ['asked by', `${asker.name} (${asker.id}${one.subject === asker.id ? '' : `, of ${one.subject}`})`],
    ['asked at', moment(one.createdAt)],
    ['needs', one.kind === 'confirm' ? 'the person behind it, or somebody else' : 'somebody else'],
    ['people', one.needed === 1 ? undefined : `${one.needed} who approve`],
    ['decided by', Array.isArray(one.approvers) ? one.approvers.join(', ') : undefined],
    ['rule', text(one.rule)],
    ['endpoint', text(one.endpoint)],
    ['expires at', moment(one.expiresAt)],
    ['outcome', text(one.outcome)],
    ['reason', text(one.reason)],
    ['call', text(one.runCallId)],
  ]);
  for (const given of Array.isArray(one.decisions) ? one.decisions : []) {
    if (!isObject(given)) continue;
    const comment = given.comment === undefined ? '' : `: ${plain(String(given.comment))}`;
    const how = `${given.edited === true ? ', with other arguments' : ''}${given.via === undefined ? '' : ', where it was asked for'}`;
    screen.line(
      `${moment(given.at)}  ${decided[String(given.decision)]} by ${plain(String(given.name))}${how}${comment}`,
    );
  }
  if (one.arguments !== undefined) screen.line(`\n${JSON.stringify(one.arguments, null, 2)}`);
  if (one.editedArguments !== undefined)
    screen.line(`\nChanged by who decides, and called with:\n${JSON.stringify(one.editedArguments, null, 2)}`);
}

const decided: Record<string, string> = { approve: 'approved', reject: 'rejected', defer: 'deferred' };
