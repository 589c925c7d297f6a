import type { JsonObject } from '../kernel/json.ts';
import { listIn } from './reading.ts';
import { shellWord } from './shell.ts';
import { moment, plain, type Screen, safe } from './terminal.ts';

/** Where a toolset ends and a name begins: tools, prompts and templates alike. */
export interface ReviewId {
  toolset: string;
  name?: string;
}

export function reviewIdOf(text: string): ReviewId {
  const dot = text.indexOf('.');
  return dot < 0 ? { toolset: text } : { toolset: text.slice(0, dot), name: text.slice(dot + 1) };
}

/** What a reader would overlook in a name is spelled out; in differences and findings the server does that. */
export function shownName(name: unknown): string {
  const spelled = (character: string) => `⟨U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  return plain(String(name).replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Co}]/gu, spelled));
}

/** For people. */
export function reviewLabel({ toolset, kind, name }: JsonObject): string {
  return kind === 'instructions' ? `the instructions of ${toolset}` : `${toolset}.${shownName(name)}`;
}

/** What `fairlead tools review` takes for it. */
export function reviewWords({ toolset, kind, name }: JsonObject): string {
  return kind === 'instructions' ? `${toolset} --kind instructions` : shellWord(`${toolset}.${name}`);
}

const isDanger = ({ severity }: JsonObject) => severity === 'danger';

/** The gravest first. */
export function findingsIn(review: JsonObject): JsonObject[] {
  const findings = listIn(review, 'findings');
  return [...findings.filter(isDanger), ...findings.filter((one) => !isDanger(one))];
}

export function hasDanger(review: JsonObject): boolean {
  return findingsIn(review).some(isDanger);
}

/** One line of the list of what waits. */
export function reviewRow(review: JsonObject): string[] {
  const { toolset, kind, name, state, served, pinned } = review;
  const serving = served ? (state === 'changed' ? 'as accepted' : 'yes') : 'no';
  return [
    String(toolset),
    String(kind),
    kind === 'instructions' ? '-' : shownName(name),
    pinned ? `${state}, pinned` : String(state),
    serving,
    findingsCell(findingsIn(review)),
  ];
}

function findingsCell(findings: readonly JsonObject[]): string {
  if (findings.length === 0) return '-';
  const dangers = findings.filter(isDanger).length;
  const warnings = findings.length - dangers;
  const counts = [...(dangers > 0 ? [`${dangers} danger`] : []), ...(warnings > 0 ? [`${warnings} warning`] : [])];
  const codes = [...new Set(findings.map(({ code }) => String(code)))];
  return `${counts.join(', ')}: ${codes.join(', ')}`;
}

/** One definition as whoever decides on it has to see it. */
export function showReview(screen: Screen, review: JsonObject): void {
  const { kind, state, served, pinned, reason, acceptedBy, acceptedAt, renamedFrom, digest } = review;
  screen.line(screen.styled('bold', reviewLabel(review)));
  screen.facts([
    ['kind', String(kind)],
    [
      'state',
      `${state}${pinned ? ', pinned' : ''}${served && state === 'changed' ? ', served as it was accepted' : ''}`,
    ],
    ['reason', typeof reason === 'string' ? reason : undefined],
    ['accepted', acceptedBy === undefined ? undefined : `${moment(acceptedAt)} by ${acceptedBy}`],
    ['was called', renamedFrom === undefined ? undefined : shownName(renamedFrom)],
    ['digest', String(digest)],
  ]);
  screen.line();
  const diff = Array.isArray(review.diff) ? review.diff.map(String) : [];
  if (diff.length === 0) screen.line('  No difference to what was accepted. All of it: --json');
  for (const line of diff) screen.line(coloured(screen, line));
  screen.line();
  const findings = findingsIn(review);
  if (findings.length === 0) screen.line('No findings. That is no proof: read the text.');
  for (const finding of findings) showFinding(screen, finding);
}

/** An upstream's words never begin a line of their own: each line of a difference has its sign before them. */
function coloured(screen: Screen, line: string): string {
  const text = safe(line).replaceAll('\n', ' ');
  if (text.startsWith('-')) return screen.styled('red', text);
  return text.startsWith('+') ? screen.styled('green', text) : text;
}

function showFinding(screen: Screen, { code, severity, path, message, excerpt }: JsonObject): void {
  const mark = severity === 'danger' ? screen.styled('red', 'danger ') : 'warning';
  const where = path ? `${path}: ` : '';
  const quoted = excerpt === undefined ? '' : ` ("${plain(String(excerpt))}")`;
  screen.line(`${mark}  ${plain(`${where}${message}`)}${quoted} [${plain(String(code))}]`);
}
