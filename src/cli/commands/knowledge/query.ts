import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CommandSpec, exitCodes, jsonOption, textOf } from '../../command.ts';
import { countOf, listIn, textsOf } from '../../reading.ts';
import { refusalText } from '../../refusal.ts';
import { screenOf } from '../../terminal.ts';

/** The question that agents ask, for people. */
export const knowledgeQuery: CommandSpec = {
  path: ['knowledge', 'query'],
  summary: "ask the team's documents",
  about: 'The passages that agents get, best first: a call like any other, recorded in the audit.',
  args: [{ name: '<question...>', help: 'a question, or the words that the text would have' }],
  options: [
    { flags: '--collection <names>', help: 'only these collections, with commas between' },
    { flags: '--limit <n>', help: 'at most so many passages' },
    jsonOption,
  ],
  examples: [
    { line: 'fairlead knowledge query how do we roll back a release', does: 'the passages that say so' },
    { line: 'fairlead knowledge query --collection runbooks ECONNREFUSED', does: 'in one collection' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const limit = textOf(options.limit);
    const collections = textOf(options.collection);
    const client = await openClient(context, options);
    const { body } = await client.exchange('POST', '/tools/knowledge.query/call', {
      arguments: {
        query: textsOf(args.question).join(' '),
        ...(collections === undefined ? {} : { collections: collections.split(',').map((name) => name.trim()) }),
        ...(limit === undefined ? {} : { limit: countOf(limit, '--limit') }),
      },
    });
    if (body.outcome !== 'ok') {
      if (options.json) screen.json(body);
      else screen.note(refusalText(body));
      return exitCodes.failed;
    }
    const result = isObject(body.result) ? body.result : {};
    const found = (isObject(result.structuredContent) ? result.structuredContent : {}) as JsonObject;
    if (options.json) {
      screen.json(found);
      return exitCodes.ok;
    }
    if (typeof found.advice === 'string') screen.note(found.advice);
    for (const [at, passage] of listIn(found, 'passages').entries()) {
      if (at > 0) screen.line();
      const headings = Array.isArray(passage.headings) ? passage.headings : [];
      const path = (headings[0] === passage.title ? headings : [passage.title, ...headings]).join(' > ');
      const place = passage.page ? ` page ${passage.page}` : passage.line ? `:${passage.line}` : '';
      screen.line(screen.styled('bold', `${passage.score}  ${path}`));
      screen.line(`${passage.collection}/${passage.uri}${place}`);
      screen.line(String(passage.text));
    }
    return exitCodes.ok;
  },
};
