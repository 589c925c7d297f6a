import type { JsonObject } from '../../../kernel/json.ts';
import { type ApiClient, openClient } from '../../client.ts';
import {
  type CommandInput,
  type CommandSpec,
  exitCodes,
  jsonOption,
  orgOption,
  textOf,
  wideOption,
} from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { CommandFailed, wrongUsage } from '../../errors.ts';
import { listIn } from '../../reading.ts';
import {
  hasDanger,
  type ReviewId,
  reviewIdOf,
  reviewLabel,
  reviewRow,
  reviewWords,
  showReview,
} from '../../review-lines.ts';
import { type Screen, screenOf } from '../../terminal.ts';

const kinds = ['tool', 'prompt', 'template', 'instructions'];
const verbs = ['accept', 'reject', 'pin'] as const;
type Verb = (typeof verbs)[number];
const done: Record<Verb, string> = { accept: 'Accepted', reject: 'Rejected', pin: 'Accepted and pinned' };

/** What upstreams offer against what was accepted of it, and the decision. */
export const toolsReview: CommandSpec = {
  path: ['tools', 'review'],
  summary: 'look at what upstreams have changed or brought, and accept, reject or pin it',
  about:
    'Alone it lists what waits for a decision. With a toolset or one definition of it, it shows what differs from what was\n' +
    'accepted, and what is suspicious in that. A decision is on exactly what the same command has shown; with --digest\n' +
    'only if that is still what was looked at before. A pinned definition is served in this one form, whatever the trust\n' +
    'of its upstream.',
  args: [{ name: '[id]', help: 'a toolset, or one of its definitions, such as tickets.create_ticket' }],
  options: [
    { flags: '--accept', help: 'serve it in this form' },
    { flags: '--reject', help: 'do not serve this form' },
    { flags: '--pin', help: 'accept it, and serve no other form until somebody accepts that' },
    { flags: '--digest <digest>', help: 'decide only if this is the form that is offered' },
    { flags: '--kind <kind>', help: `only of one kind: ${kinds.join(', ')}` },
    { flags: '--all', help: 'also what has been decided' },
    { flags: '--yes', help: 'take in a whole toolset without being asked about what is dangerous in it' },
    orgOption,
    wideOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead tools review', does: 'what waits' },
    { line: 'fairlead tools review tickets', does: 'everything of a toolset, with what differs' },
    { line: 'fairlead tools review tickets.create_ticket --accept', does: 'shows it, and serves it from now on' },
    { line: 'fairlead tools review tickets --kind instructions --reject', does: 'what it says about itself' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context, options);
    const id = typeof args.id === 'string' ? reviewIdOf(args.id) : undefined;
    const verb = verbOf(options, id);
    const kind = kindOf(options);
    const client = await openClient(context, options);
    const reviews = await fetched(client, id, kind, options);
    if (!verb) {
      if (options.json) screen.json({ reviews });
      else if (id) showAll(screen, id, reviews, options.all === true);
      else listAll(screen, reviews, options.all === true);
      return exitCodes.ok;
    }
    if (!options.json) showAll(screen, id, reviews, options.all === true, true);
    if (reviews.length === 0) {
      if (options.json) screen.json({ decided: 0, reviews });
      return exitCodes.ok;
    }
    const digest = textOf(options.digest);
    if ((digest !== undefined || id?.name !== undefined) && reviews.length > 1) throw severalOf(reviews);
    const dangerous = reviews.filter(hasDanger);
    if (verb !== 'reject' && id?.name === undefined && dangerous.length > 0 && !options.yes) {
      const message = `Danger was found in ${dangerous.length} of the ${reviews.length} definitions of ${id?.toolset}`;
      await confirm(context, `${message}.`, String(id?.toolset), {
        message,
        action: 'Read what was found, then add --yes, or decide on each by its name.',
      });
    }
    await decide(client, reviews, verb, digest, options);
    if (options.json) screen.json({ decided: reviews.length, decision: verb, reviews });
    else screen.line(`\n${done[verb]}: ${decidedOn(reviews)}.`);
    return exitCodes.ok;
  },
};

function verbOf(options: CommandInput['options'], id: ReviewId | undefined): Verb | undefined {
  const [verb, ...more] = verbs.filter((each) => options[each] === true);
  if (more.length > 0) throw wrongUsage('Give one of --accept, --reject and --pin.');
  if (verb && !id) throw wrongUsage(`Say what to ${verb}.`, `\`fairlead tools review <toolset> --${verb}\``);
  const digest = textOf(options.digest);
  if (digest !== undefined && !verb) throw wrongUsage('--digest is for a decision: --accept, --reject or --pin.');
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw wrongUsage(`"${digest}" is no digest.`, 'It is sha256: and 64 hex digits, as this command shows it.');
  return verb;
}

function kindOf(options: CommandInput['options']): string | undefined {
  const kind = textOf(options.kind);
  if (kind !== undefined && !kinds.includes(kind))
    throw wrongUsage(`There is no kind "${kind}".`, `Known: ${kinds.join(', ')}.`);
  return kind;
}

/** One definition is found whatever was decided on it. @throws CommandFailed when there is none of that name */
async function fetched(
  client: ApiClient,
  id: ReviewId | undefined,
  kind: string | undefined,
  options: CommandInput['options'],
): Promise<JsonObject[]> {
  const org = textOf(options.org);
  const all = options.all === true || id?.name !== undefined ? 'true' : undefined;
  const details = id ? 'true' : undefined;
  const reviews = listIn(await client.get('/reviews', { ...id, kind, all, details, org }), 'reviews');
  if (id && reviews.length === 0) await refuseUnknown(client, id, kind, org);
  return reviews;
}

async function refuseUnknown(client: ApiClient, { toolset, name }: ReviewId, kind?: string, org?: string) {
  const names = listIn(await client.get('/upstreams', { org }), 'upstreams').map((each) => String(each.name));
  if (!names.includes(toolset)) {
    const those = names.length > 0 ? `There is: ${names.join(', ')}.` : '`fairlead upstreams add` adds one.';
    throw new CommandFailed(exitCodes.failed, `There is no upstream "${toolset}".`, those);
  }
  if (name === undefined) return;
  throw new CommandFailed(
    exitCodes.failed,
    `The upstream ${toolset} offers no ${kind ?? 'definition'} "${name}".`,
    `What it offers: npx fairlead tools review ${toolset} --all`,
  );
}

function severalOf(reviews: readonly JsonObject[]): CommandFailed {
  const found = [...new Set(reviews.map(({ kind }) => String(kind)))];
  return wrongUsage(
    `That is ${reviews.length} definitions, so nothing was decided.`,
    found.length > 1 ? `Say which with --kind: ${found.join(', ')}.` : 'Name the one of that digest.',
  );
}

const atOnce = 2_000; // as many as the server takes

async function decide(
  client: ApiClient,
  reviews: readonly JsonObject[],
  decision: Verb,
  digest: string | undefined,
  options: CommandInput['options'],
): Promise<void> {
  for (let from = 0; from < reviews.length; from += atOnce) {
    const decisions = reviews
      .slice(from, from + atOnce)
      .map(({ toolset, kind, name, digest: shown }) => ({ toolset, kind, name, digest: digest ?? shown, decision }));
    try {
      await client.post('/reviews', { decisions }, { org: textOf(options.org) });
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.body?.code !== 'REVIEW_STALE') throw error;
      const before = from === 0 ? 'Nothing was decided' : `Only the first ${from} were decided`;
      const missed = digest === undefined ? 'it has changed in this moment' : 'its digest is another one';
      throw new CommandFailed(
        error.exitCode,
        `${error.message}\n${before}: ${missed}.`,
        'Look at what is offered now with `npx fairlead tools review`, and decide on that.',
        { body: error.body },
      );
    }
  }
}

function listAll(screen: Screen, reviews: readonly JsonObject[], all: boolean): void {
  if (reviews.length === 0) {
    screen.line(`Nothing waits for a decision.${all ? '' : ' What was decided: npx fairlead tools review --all'}`);
    return;
  }
  screen.table(['TOOLSET', 'KIND', 'NAME', 'STATE', 'SERVED', 'FINDINGS'], reviews.map(reviewRow), [
    'SERVED',
    'FINDINGS',
    'KIND',
  ]);
  const toolsets = [...new Set(reviews.map(({ toolset }) => String(toolset)))];
  screen.line(
    `\nWhat differs, and how to decide: npx fairlead tools review ${toolsets.length === 1 ? toolsets[0] : 'TOOLSET'}`,
  );
}

function decidedOn(reviews: readonly JsonObject[]): string {
  const [first] = reviews;
  if (!first || reviews.length === 1) return first ? reviewLabel(first) : 'nothing';
  return `${reviews.length} definitions of ${first.toolset}`;
}

function showAll(
  screen: Screen,
  id: ReviewId | undefined,
  reviews: readonly JsonObject[],
  all: boolean,
  deciding = false,
): void {
  if (reviews.length === 0) {
    const more = all ? '' : ` What was decided: npx fairlead tools review ${id?.toolset} --all`;
    screen.line(`Nothing of ${id?.toolset} waits for a decision.${more}`);
    return;
  }
  for (const [index, review] of reviews.entries()) {
    if (index > 0) screen.line();
    showReview(screen, review);
  }
  if (deciding) return;
  const [only] = reviews;
  const [what, bound] =
    reviews.length === 1 && only ? [reviewWords(only), ` --digest ${only.digest}`] : [id?.toolset, ''];
  screen.line(`\nTo decide: npx fairlead tools review ${what} --accept${bound}`);
  screen.line('(or --reject, or --pin)');
}
