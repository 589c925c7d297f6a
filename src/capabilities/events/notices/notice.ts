import type { Told } from '../../../kernel/events.ts';
import { isObject, type Json } from '../../../kernel/json.ts';
import { readable, readableLine } from '../../../kernel/readable.ts';

/**
 * What a person is told of an event, before it is put into the form of a mail or a message. All of it may have been written by
 * an agent or somebody outside, but for `link`, `closing` and the names of facts: whoever renders it escapes it.
 */
export interface Notice {
  /** One line. */
  title: string;
  /** Names with values, each of one line. */
  facts: readonly (readonly [string, string])[];
  /** A longer text, to be shown as it is. */
  block?: { name: string; text: string };
  link?: { url: string; name: string };
  closing?: string;
}

export interface NoticeDeps {
  /** Whether there is still something to be done about an event. People are not told what is over by the time it comes. */
  stillStands(event: Told): Promise<boolean>;
}

const longestBlock = 3_000;

/** What people read of an event. */
export function noticeOf(event: Told): Notice {
  return approvalNotice(event) ?? anyNotice(event);
}

function approvalNotice({ type, subject, data, org }: Told): Notice | undefined {
  if (!type.startsWith('approval.') || subject === undefined) return undefined;
  const said = (name: string) => (data[name] === undefined ? undefined : readableLine(String(data[name])));
  const named = (name: string) => {
    const who = data[name];
    return isObject(who) ? readableLine(String(who.name)) : undefined;
  };
  const [tool = 'a tool', asker = 'somebody', by = 'somebody'] = [said('tool'), named('asker'), named('by')];
  const waits = data.state === 'pending' || data.state === 'deferred';
  const link = typeof data.link === 'string' ? data.link : undefined;
  const all: [string, string | undefined][] = [
    ['Tool', tool],
    ['Asked by', asker],
    ['Organisation', org],
    ['Endpoint', said('endpoint')],
    ['Because of', said('rule')],
    ['Decided by', Array.isArray(data.approvers) ? readableLine(data.approvers.join(', ')) : undefined],
    ['People needed', Number(data.needed) > 1 ? String(data.needed) : undefined],
    ['Decision', data.by === undefined ? undefined : `${said('decision')}, by ${by}`],
    ['Comment', said('comment')],
    ['Why', said('reason')],
    ['Backup first by', said('backupBy')],
    [
      'Open until',
      waits
        ? said('expiresAt')
            ?.replace('T', ' ')
            .replace(/\.\d+Z$/, ' UTC')
        : undefined,
    ],
  ];
  const facts = all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const title = titleOf(type, data.state, { tool, asker, by });
  if (!waits) return { title, facts, closing: 'There is nothing to decide any more.' };
  return {
    title,
    facts,
    ...(data.arguments === undefined ? {} : { block: { name: 'Arguments', text: blockOf(data.arguments) } }),
    ...(link === undefined ? {} : { link: { url: link, name: 'Look at it and decide' } }),
    closing:
      link === undefined
        ? `Look at it with: fairlead approvals show ${readableLine(subject)}`
        : 'The page asks you to sign in. Opening it decides nothing.',
  };
}

function titleOf(type: string, state: Json | undefined, told: Record<'tool' | 'asker' | 'by', string>): string {
  const { tool, asker, by } = told;
  if (type === 'approval.requested') return `${asker} asks to call ${tool}`;
  if (type === 'approval.expired') return `Not decided in time: ${tool} for ${asker}`;
  if (type === 'approval.void') return `Does not count any more: ${tool} for ${asker}`;
  if (state === 'pending') return `${by} has approved, and it takes somebody else, too: ${tool} for ${asker}`;
  if (state === 'deferred') return `Put off by ${by}: ${tool} for ${asker}`;
  return `${state === 'rejected' ? 'Rejected' : 'Approved'} by ${by}: ${tool} for ${asker}`;
}

function anyNotice({ type, subject, org, data, at }: Told): Notice {
  return {
    title: subject === undefined ? type : `${type}: ${readableLine(subject)}`,
    facts: [
      ['Organisation', org],
      ['When', `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ],
    ...(Object.keys(data).length === 0 ? {} : { block: { name: 'What it says', text: blockOf(data as Json) } }),
  };
}

function blockOf(value: Json): string {
  const text = readable(JSON.stringify(value, null, 2));
  return text.length > longestBlock ? `${text.slice(0, longestBlock).toWellFormed()}\n… (cut)` : text;
}
