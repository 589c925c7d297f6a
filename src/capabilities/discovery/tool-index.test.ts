import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createToolIndex,
  createToolIndexer,
  embeddingText,
  type SearchableTool,
  type SearchOptions,
  searchTools,
} from './index.ts';

function tool(id: string, description?: string, rest: Partial<SearchableTool> = {}): SearchableTool {
  const at = id.indexOf('.');
  return {
    id,
    toolset: id.slice(0, at),
    name: id.slice(at + 1),
    description,
    inputSchema: { type: 'object' },
    ...rest,
  };
}

const parameters = (...names: string[]): Pick<SearchableTool, 'inputSchema'> => ({
  inputSchema: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) },
});

const tools: readonly SearchableTool[] = [
  tool('tracker.create_issue', 'Create a new issue in a project', parameters('project', 'summary', 'description')),
  tool('tracker.delete_issue', 'Delete an issue', parameters('issue_key')),
  tool('tracker.get_issue', 'Get the details of an issue', parameters('issue_key')),
  tool('tracker.add_comment', 'Add a comment to an issue', parameters('issue_key', 'body')),
  tool('tracker.create_issue_link', 'Create a link between two issues', parameters('from', 'to')),
  tool('code.listPullRequests', 'List the pull requests of a repository', parameters('state')),
  tool('code.mergePullRequest', 'Merge a pull request', parameters('number')),
  tool('code.search-code', 'Search for text in the files of all repositories', parameters('q')),
  tool('code.create-webhook', 'Create a webhook that is called on events', parameters('url', 'events')),
  tool('code.repos/delete', 'Delete a repository', parameters('owner', 'repo')),
  tool('disk.create_directory', 'Create a directory', parameters('path')),
  tool('disk.read_text_file', 'Read the contents of a file as text', parameters('path', 'head')),
  tool('disk.read_file', 'DEPRECATED: use read_text_file. Read the contents of a file as text', parameters('path')),
  tool('disk.move_file', 'Move or rename a file', parameters('source', 'destination')),
  tool('cluster.pods_log', 'Get the logs of a pod', parameters('namespace', 'pod', 'tail')),
  tool('cluster.rollout_restart', 'Restart a deployment'),
  tool('chat.post_message', 'Post a message to a channel', parameters('channel', 'text')),
  tool('web.fetch', 'Fetches a URL from the internet', parameters('url')),
  tool('work.run_report', 'Runs one of the reports', { examples: ['how did sales develop last quarter'] }),
];
const index = createToolIndex(tools);
const idsFor = (query: string, options?: SearchOptions) => index.search(query, options).map(({ id }) => id);
const firstFor = (query: string, options?: SearchOptions) => idsFor(query, options)[0];

describe('the search for tools', () => {
  it.each([
    ['by its own words', 'merge a pull request', 'code.mergePullRequest'],
    ['by the words of a name in camel case', 'list pull requests', 'code.listPullRequests'],
    ['by its name, however it is written', 'create-directory', 'disk.create_directory'],
    ['by another word for the same', 'make a folder', 'disk.create_directory'],
    ['by another word for the verb', 'remove the repository', 'code.repos/delete'],
    ['by a phrase for the verb', 'get rid of the repo', 'code.repos/delete'],
    ['by an abbreviation', 'merge PR 12', 'code.mergePullRequest'],
    ['by what people call a thing', 'open a new ticket about the broken login page', 'tracker.create_issue'],
    ['by other forms of a word', 'restarting deployments', 'cluster.rollout_restart'],
    ['by a word of the same family', 'deploy restart', 'cluster.rollout_restart'],
    ['by the beginning of a word', 'read cont', 'disk.read_text_file'],
    ['by a word with a letter too few', 'create a direcory', 'disk.create_directory'],
    ['by a word with two letters swapped', 'delete the isuse', 'tracker.delete_issue'],
    ['by a long word with two mistakes', 'crate dirrectery', 'disk.create_directory'],
    ['by a mistyped word for the same', 'make a floder', 'disk.create_directory'],
    ['by two words that it writes as one', 'add a web hook', 'code.create-webhook'],
    ['by one word that it writes as two', 'posting in the chatchannel', 'chat.post_message'],
    ['by a parameter', 'namespace', 'cluster.pods_log'],
    ['by an example', 'sales of last quarter', 'work.run_report'],
    ['by a word with `re` before it', 'recreating the directory', 'disk.create_directory'],
    ['by a verb whose halves stand apart', 'throw that old ticket away', 'tracker.delete_issue'],
    ['by what it does when several have the thing', 'show issue 7', 'tracker.get_issue'],
    ['by a verb that is only known by what it means', 'ditch that old ticket', 'tracker.delete_issue'],
    ['by a command', 'mkdir -p a/b', 'disk.create_directory'],
    ['by a file name', 'show me notes.txt', 'disk.read_text_file'],
    ['by an address in place of words', 'show me https://example.com/docs', 'web.fetch'],
  ])('finds one %s', (_, query, id) => {
    expect(firstFor(query)).toBe(id);
  });

  it('prefers the tool that is about nothing else', () => {
    expect(idsFor('create issue')[0]).toBe('tracker.create_issue');
    expect(idsFor('create issue')).toContain('tracker.create_issue_link');
  });

  it('takes no word after `without` for what is wanted', () => {
    expect(idsFor('pull requests without merging', { limit: 1 })).toEqual(['code.listPullRequests']);
  });

  it('lists when it is asked for several, and gets when for one', () => {
    const both = createToolIndex([tool('t.get_user', 'Get a user'), tool('t.list_users', 'List users')]);
    expect(both.search('which users are there')[0]?.id).toBe('t.list_users');
    expect(both.search('the user bob')[0]?.id).toBe('t.get_user');
  });

  it('counts a word once, however many of the query mean it', () => {
    const both = createToolIndex([
      tool('t.run_pods', 'Run a pod'),
      tool('t.stop_run', 'Cancel a pipeline run'),
      tool('t.start_run', 'Start a run'),
    ]);
    expect(both.search('cancel the running pipeline run')[0]?.id).toBe('t.stop_run');
    const files = createToolIndex([tool('t.write_file', 'Write a file'), tool('t.read_file', 'Read a file')]);
    expect(files.search('show me that file')[0]?.id).toBe('t.read_file');
  });

  it('takes details for one thing, and the users for several', () => {
    const both = createToolIndex([tool('t.get_user', 'Get a user'), tool('t.list_users', 'List users')]);
    expect(both.search('details of user bob')[0]?.id).toBe('t.get_user');
  });

  it('creates when a new one is asked for, and changes when the one there is', () => {
    const both = createToolIndex([
      tool('t.add_board', 'Add a board'),
      tool('t.edit_board', 'Edit a board', parameters('private')),
      tool('t.drop_board', 'Drop a board'),
    ]);
    expect(both.search('I need a board for the team')[0]?.id).toBe('t.add_board');
    expect(both.search('make a board')[0]?.id).toBe('t.add_board');
    expect(both.search('make the board private')[0]?.id).toBe('t.edit_board');
  });

  it('puts tools for the own things of the caller first when a query speaks of those', () => {
    const both = createToolIndex([
      tool('t.list_repos_for_user', 'List repositories of a user'),
      tool('t.list_repos_for_authenticated_user', 'List repositories of the authenticated user'),
    ]);
    expect(both.search('my repos')[0]?.id).toBe('t.list_repos_for_authenticated_user');
    expect(both.search('repos of user bob')[0]?.id).toBe('t.list_repos_for_user');
  });

  it('does not take the halves of a fixed phrase for words', () => {
    const both = createToolIndex([
      tool('t.list_pulls', 'List pull requests'),
      tool('t.send', 'Send a request to a host'),
    ]);
    expect(both.search('send a request').map(({ id }) => id)).toEqual(['t.send']);
  });

  it('puts a deprecated tool behind the one that replaces it', () => {
    const found = idsFor('read a file');
    expect(found[0]).toBe('disk.read_text_file');
    expect(found).toContain('disk.read_file');
  });

  it('puts a tool first that is called by its name or id', () => {
    expect(firstFor('add_comment')).toBe('tracker.add_comment');
    expect(firstFor(' Code.Repos/Delete ')).toBe('code.repos/delete');
  });

  it('takes a toolset that the query names as a hint', () => {
    const both = createToolIndex([tool('a.search', 'Search for text'), tool('wiki.search', 'Search for text')]);
    expect(both.search('search for text in the wiki')[0]?.id).toBe('wiki.search');
  });

  it('does not fill the first places with variants of one tool', () => {
    const scopes = ['user', 'team', 'org', 'repo', 'enterprise', 'project'];
    const variants = createToolIndex([
      ...scopes.map((scope) =>
        tool(`ci.list_runner_labels_for_${scope}`, `List the labels of a runner of one ${scope}`),
      ),
      tool('tracker.label_issue', 'Puts labels on an issue'),
    ]);
    expect(variants.search('labels', { limit: 3 }).map(({ id }) => id)).toContain('tracker.label_issue');
  });

  it('says which words of the query led to a tool', () => {
    const [found] = index.search('please remove the repo at once');
    expect(found).toMatchObject({ id: 'code.repos/delete', matched: ['remove', 'repo'] });
  });

  it('gives the best first and no more than it is asked for', () => {
    const found = index.search('issue', { limit: 3 });
    expect(found).toHaveLength(3);
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    expect(index.search('issue')).toHaveLength(5);
  });

  it.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])('gives nothing when asked for %s', (limit) => {
    expect(index.search('issue', { limit })).toEqual([]);
  });

  it('gives a hundred at most', () => {
    const many = createToolIndex(Array.from({ length: 300 }, (_, n) => tool(`t.thing_${n}`, 'Does a thing')));
    expect(many.search('thing', { limit: Number.POSITIVE_INFINITY })).toHaveLength(100);
    expect(many.search('thing', { limit: 2.9 })).toHaveLength(2);
  });

  it('offers a tool whose definition says all that a search needs', () => {
    expect(searchTools).toMatchObject({ name: 'search_tools', inputSchema: { required: ['query'] } });
  });
});

describe('what may not be found', () => {
  it('is outside of the toolset that is asked for', () => {
    expect(idsFor('create', { toolset: 'disk' })[0]).toBe('disk.create_directory');
    expect(new Set(idsFor('create file issue', { toolset: 'disk', limit: 50 }).map((id) => id.split('.')[0]))).toEqual(
      new Set(['disk']),
    );
    expect(idsFor('create', { toolset: 'nowhere' })).toEqual([]);
  });

  it('is hidden, and pushes nothing out', () => {
    const hidden = Array.from({ length: 200 }, (_, n) => tool(`secret${n}.create_issue`, 'Create a new issue'));
    const all = createToolIndex([...hidden, ...tools]);
    const allow = (id: string) => !id.startsWith('secret');
    expect(all.search('create an issue', { limit: 1 })[0]?.id).toMatch(/^secret/);
    const found = all.search('create an issue', { limit: 5, allow });
    expect(found).toHaveLength(5);
    expect(found[0]?.id).toBe('tracker.create_issue');
    expect(found.every(({ id }) => allow(id))).toBe(true);
  });

  it('leaves room among the words that begin as the query does', () => {
    const hidden = Array.from({ length: 30 }, (_, n) => tool(`secret.stampa${String.fromCodePoint(97 + n)}x`));
    const all = createToolIndex([...hidden, tool('post.stampzz')]);
    const found = all.search('stamp', { allow: (id) => !id.startsWith('secret') });
    expect(found.map(({ id }) => id)).toEqual(['post.stampzz']);
  });

  it('makes no word more common: scores are those of an index without it', () => {
    // Copies, so that texts are as long on average as without them.
    const hidden = ['secret1', 'secret2', 'secret3'].flatMap((toolset) =>
      tools.map((each) => ({ ...each, id: `${toolset}.${each.id}`, toolset })),
    );
    const some = createToolIndex([...hidden, ...tools, tool('secret4.merge_it', 'Merge')]);
    const allow = (id: string) => !id.startsWith('secret');
    const [found, alone] = [
      some.search('merge the issue', { limit: 20, allow }),
      index.search('merge the issue', { limit: 20 }),
    ];
    expect(found.map(({ id }) => id)).toEqual(alone.map(({ id }) => id));
    expect(found[0]?.score).toBeCloseTo(alone[0]?.score ?? 0, 1);
  });

  it('does not make its words known: they are mistyped ones like any other', () => {
    const all = createToolIndex([...tools, tool('secret.isuse', 'Isuse')]);
    const allow = (id: string) => id !== 'secret.isuse';
    expect(all.search('delete the isuse', { allow })[0]?.id).toBe('tracker.delete_issue');
    expect(all.search('delete the isuse')[0]?.id).toBe('secret.isuse');
  });
});

describe('any query', () => {
  it.each(['', '   ', '?!', '\u0000', '\ud800', '🙂', '()[]{}*+^$\\'])(
    '%j finds nothing and fails nothing',
    (query) => {
      expect(index.search(query)).toEqual([]);
    },
  );

  it.each(['the', 'what can you do for me'])('that only has small words fails nothing: %j', (query) => {
    expect(() => index.search(query)).not.toThrow();
  });

  it('of small words finds a tool that is named so', () => {
    const helpful = createToolIndex([tool('shop.help', 'Says what is there'), tool('shop.sell', 'Sells')]);
    expect(helpful.search('help')[0]?.id).toBe('shop.help');
  });

  it.each([
    'constructor',
    '__proto__',
    'hasOwnProperty toString',
    "'; drop table tools; --",
    '<script>alert(1)</script>',
  ])('is only text: %j', (query) => {
    expect(Array.isArray(index.search(query))).toBe(true);
  });

  it.each([
    ['of one letter', 'a'.repeat(1_000_000)],
    ['of one word', 'issue '.repeat(200_000)],
    ['of unknown words', Array.from({ length: 50_000 }, (_, n) => `qz${n.toString(36)}x`).join(' ')],
    ['of quotes', '"'.repeat(100_000)],
    ['of slashes', '/a'.repeat(100_000)],
    ['of dots', 'a.'.repeat(100_000)],
  ])('that is huge, %s, takes no longer than a short one', (_, query) => {
    const start = performance.now();
    index.search(query);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('of nothing but mistyped words is answered at once, however many tools there are', () => {
    const many = createToolIndex(
      Array.from({ length: 5_000 }, (_, n) =>
        tool(`t.word${n.toString(36)}ing_thing${n}`, `Does ${n.toString(36)}able`),
      ),
    );
    const query = Array.from({ length: 200 }, (_, n) => `qu${n}estoin${n.toString(36)}x`).join(' ');
    many.search(query);
    const start = performance.now();
    many.search(query);
    expect(performance.now() - start).toBeLessThan(250);
  });

  it('in another language finds tools of that language', () => {
    const mixed = createToolIndex([
      ...tools,
      tool('de.datei_loeschen', 'Löscht eine Datei endgültig'),
      tool('zh.delete', '删除文件或目录'),
      tool('ru.find', 'Найти документ по названию'),
    ]);
    expect(mixed.search('Datei endgultig löschen')[0]?.id).toBe('de.datei_loeschen');
    expect(mixed.search('我想删除这个文件')[0]?.id).toBe('zh.delete');
    expect(mixed.search('документ')[0]?.id).toBe('ru.find');
  });

  it('of code finds what it calls', () => {
    expect(firstFor('await client.code.mergePullRequest({ number: 12 })')).toBe('code.mergePullRequest');
    const withSql = createToolIndex([...tools, tool('db.query', 'Run a read-only SQL query')]);
    expect(withSql.search('SELECT * FROM orders')[0]?.id).toBe('db.query');
  });

  it('gives only what is allowed, best first, once each, and the same again', () => {
    const word = fc.oneof(
      fc.constantFrom('issue', 'delete', 'file', 'PR', 'my', 'without', '"', ':'),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.subarray(tools.map(({ id }) => id)), (words, open) => {
        const allow = (id: string) => open.includes(id);
        const found = index.search(words.join(' '), { allow, limit: 50 });
        expect(found.every(({ id, score }) => allow(id) && score > 0 && Number.isFinite(score))).toBe(true);
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
        expect(index.search(words.join(' '), { allow, limit: 50 })).toEqual(found);
      }),
    );
  });
});

describe('the order', () => {
  it('does not depend on the order of the tools', () => {
    const turned = createToolIndex([...tools].reverse());
    for (const query of ['create', 'issue', 'file', 'delete repo'])
      expect(turned.search(query, { limit: 50 })).toEqual(index.search(query, { limit: 50 }));
  });

  it('is that of the ids among equals', () => {
    const equals = createToolIndex(['c', 'a', 'b'].map((set) => tool(`${set}.ping`, 'Answers')));
    expect(equals.search('ping').map(({ id }) => id)).toEqual(['a.ping', 'b.ping', 'c.ping']);
  });
});

describe('an index', () => {
  it('of no tools finds nothing', () => {
    expect(createToolIndex([]).search('create an issue')).toEqual([]);
  });

  it('is not changed by what happens to the list that it was made of', () => {
    const list = [tool('a.create_issue')];
    const made = createToolIndex(list);
    list.pop();
    expect(made.search('create issue')).toHaveLength(1);
  });

  it('takes tools that say next to nothing, and schemas of any kind', () => {
    const deep = JSON.parse(`${'{"properties":{"a":'.repeat(200)}{}${'}}'.repeat(200)}`);
    const odd = createToolIndex([
      tool('a.x'),
      tool('b.y', '', { title: '', tags: [], inputSchema: {} }),
      tool('c.z', 'x'.repeat(1_000_000), {
        inputSchema: { properties: { q: true, r: { enum: [null, 1, 'red'] } } } as never,
      }),
      tool('d.deep', 'Deep', { inputSchema: deep }),
      tool('e.wide', 'Wide', {
        inputSchema: { anyOf: Array.from({ length: 500 }, () => ({ anyOf: Array(500).fill({ anyOf: [{}] }) })) },
      }),
      tool('f.parts', 'Parts', {
        inputSchema: { allOf: [{ properties: { invoice: { items: { properties: { vat: {} } } } } }] },
      }),
    ]);
    expect(odd.search('red')[0]?.id).toBe('c.z');
    expect(odd.search('vat')[0]?.id).toBe('f.parts');
  });

  it('is the same whether it is made at once or in turns', async () => {
    const made = await createToolIndexer().build(tools);
    for (const query of ['create', 'issue', 'make a floder', 'delete repo'])
      expect(made.search(query, { limit: 50 })).toEqual(index.search(query, { limit: 50 }));
  });

  it('lets the process go on while thousands of tools are read', async () => {
    const many = Array.from({ length: 3_000 }, (_, n) =>
      tool(`set${n}.create_thing_${n}`, `Creates thing ${n} of the kind ${n % 7}. ${'It is well known. '.repeat(20)}`),
    );
    const indexer = createToolIndexer();
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const made = await indexer.build(many);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(2);
    expect(made.search('create_thing_1234')[0]?.id).toBe('set1234.create_thing_1234');
  });

  it('is not changed by what happens to the list while it is made', async () => {
    const list = [tool('a.create_issue'), tool('b.delete_issue')];
    const making = createToolIndexer().build(list);
    list.length = 0;
    expect((await making).search('issue')).toHaveLength(2);
  });

  it('hears what all tools of a set repeat as nothing said', () => {
    const chorus = 'Needs the scope of the treasury. Called too often it answers with an error of the treasury.';
    const set = createToolIndex([
      ...['read', 'write', 'count', 'sort', 'merge', 'split', 'print'].map((name) =>
        tool(`bank.${name}`, `Will ${name}. ${chorus}`),
      ),
      tool('gold.treasury', 'Opens it'),
    ]);
    expect(set.search('treasury').map(({ id }) => id)).toEqual(['gold.treasury']);
  });
});

describe('with embeddings', () => {
  // Two dimensions are enough to say what is near: food, and weather.
  const menu = [
    tool('kitchen.dish', 'Cooks a meal'),
    tool('sky.forecast', 'Says how warm it will be'),
    tool('sky.plain'),
  ];
  const vectors = new Map([
    ['kitchen.dish', [1, 0]],
    ['sky.forecast', [0, 1]],
  ]);
  const hybrid = createToolIndex(menu, { embed: { vectors } });

  it('finds what shares no word with the query', () => {
    expect(hybrid.search('umbrella', { vector: [0.1, 0.9] })[0]).toMatchObject({ id: 'sky.forecast', matched: [] });
  });

  it('finds by words what has no embedding', () => {
    expect(hybrid.search('plain', { vector: [1, 0] }).map(({ id }) => id)).toContain('sky.plain');
  });

  it('puts first what both ways find', () => {
    expect(hybrid.search('warm meal', { vector: [0.9, 0.2] })[0]?.id).toBe('kitchen.dish');
  });

  it('goes by words alone when the query has no embedding, or one of another model', () => {
    const byWords = hybrid.search('warm meal').map(({ id }) => id);
    expect(hybrid.search('warm meal', { vector: [1, 0, 0] }).map(({ id }) => id)).toEqual(byWords);
    expect(hybrid.search('umbrella', { vector: [0, 0] })).toEqual([]);
  });

  it('finds nothing hidden either', () => {
    const options = { vector: [0, 1], allow: (id: string) => id !== 'sky.forecast' };
    expect(hybrid.search('forecast', options).map(({ id }) => id)).not.toContain('sky.forecast');
    expect(hybrid.search('meal', { vector: [0, 1], toolset: 'kitchen' }).map(({ id }) => id)).toEqual(['kitchen.dish']);
  });

  it('embeds a title, the words of a name and the beginning of a description', () => {
    const text = embeddingText({ name: 'list_issues', title: 'Issues', description: 'x'.repeat(5_000) });
    expect(text).toBe(`Issues\nlist issues\n${'x'.repeat(1_000)}`);
    expect(embeddingText({ name: 'ping' })).toBe('ping');
  });
});
