import { isObject, type JsonObject } from '../kernel/json.ts';
import { lineDiff } from './line-diff.ts';
import { decisionWords } from './policy-lines.ts';
import { listIn, textsIn } from './reading.ts';
import { moment, plain, type Screen, safe } from './terminal.ts';

const titles: [kind: string, title: string][] = [
  ['newlyDenied', 'newly denied'],
  ['newlyAllowed', 'newly allowed'],
  ['consentNeeded', 'consent now needed'],
  ['consentNoLongerNeeded', 'consent no longer needed'],
];

/** Which decisions change, for people. */
export function showRehearsal(rehearsal: JsonObject, screen: Screen): void {
  const { decisions, changed, stopped, against } = rehearsal;
  const { from, until } = rehearsal as { from?: number; until?: number };
  const span = from === undefined || until === undefined ? '' : ` from ${moment(from)} to ${moment(until)}`;
  const base = against === 'current' ? 'the policies in force' : 'what was decided then';
  screen.line(
    `${decisions} ${decisions === 1 ? 'decision' : 'decisions'}${span}, held against ${base}: ${changed} would change.`,
  );
  const totals = isObject(rehearsal.totals) ? rehearsal.totals : {};
  const counts = titles.filter(([kind]) => totals[kind] !== 0).map(([kind, title]) => `${totals[kind]} ${title}`);
  if (counts.length > 0) screen.line(`  ${counts.join(', ')}`);
  for (const group of listIn(rehearsal, 'groups')) showGroup(group, screen);
  if (Number(rehearsal.moreGroups) > 0) screen.line(`  and ${rehearsal.moreGroups} more tools and principals`);
  showInsufficient(rehearsal, screen);
  if (stopped === 'limit') screen.line('Older decisions were not looked at: the limit was reached (--limit).');
  if (stopped === 'time') screen.line('Older decisions were not looked at: the time was over (--max-seconds).');
}

function showGroup(group: JsonObject, screen: Screen): void {
  const { change, tool, decisions, before, after } = group;
  const title = titles.find(([kind]) => kind === change)?.[1] ?? String(change);
  const { id, name } = (isObject(group.principal) ? group.principal : {}) as JsonObject;
  const words = before === 'deny' && after === 'consent' ? `${title}, with consent` : title;
  const line = `${words}: ${plain(String(tool))} for ${plain(String(name))} (${plain(String(id))}), ${decisions} times`;
  screen.line(screen.styled(change === 'newlyAllowed' ? 'yellow' : 'red', line));
  const [example] = listIn(group, 'examples');
  if (!example) return;
  screen.line(`  was ${decisionWords(before)} by ${textsIn(example, 'before')}`);
  screen.line(`  is ${decisionWords(after)} by ${textsIn(example, 'after')}`);
  screen.line(
    `  such as ${listIn(group, 'examples')
      .map(({ callId }) => plain(String(callId)))
      .join(', ')}`,
  );
}

function showInsufficient({ insufficient }: JsonObject, screen: Screen): void {
  if (!isObject(insufficient) || Number(insufficient.decisions) === 0) return;
  screen.line(`${insufficient.decisions} more cannot be decided anew, as their records do not suffice:`);
  for (const one of listIn(insufficient as JsonObject, 'reasons')) {
    const path = one.path === undefined ? '' : `${plain(String(one.path))}: `;
    screen.line(`  ${one.decisions}: ${path}${plain(String(one.reason))} (${textsIn(one, 'tools')})`);
  }
}

/** What differs between policies, text by text. */
export function showDifferences(differences: readonly JsonObject[], screen: Screen): void {
  for (const { name, before, after } of differences) {
    const what = before === undefined ? 'new policy' : after === undefined ? 'removed policy' : 'policy';
    screen.line(screen.styled('bold', `${what} ${plain(String(name))}`));
    const lines = lineDiff(typeof before === 'string' ? before : '', typeof after === 'string' ? after : '');
    for (const line of lines) {
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : undefined;
      screen.line(style ? screen.styled(style, safe(line)) : safe(line));
    }
    if (lines.length === 0) screen.line('  the same text as before');
  }
}
