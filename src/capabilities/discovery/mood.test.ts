import { describe, expect, it } from 'vitest';
import { createToolIndex, type SearchableTool } from './index.ts';

function tool(id: string, description: string): SearchableTool {
  return { id, toolset: 't', name: id.slice(2), description, inputSchema: { type: 'object' } };
}

describe('how a request is put', () => {
  it('tells an order from a word that says which things are meant', () => {
    const some = createToolIndex([
      tool('t.edit_file', 'Edit a file'),
      tool('t.list_files', 'List files that a request changes'),
      tool('t.delete_file', 'Delete a file'),
    ]);
    expect(some.search('changed files')[0]?.id).toBe('t.list_files');
    expect(some.search('change the file')[0]?.id).toBe('t.edit_file');
    expect(some.search('I want this file deleted')[0]?.id).toBe('t.delete_file');
  });

  it.each(['could you please merge it', 'I need to merge it', 'how do I merge it?', "I'd like to merge it"])(
    'hears what is wanted behind what is only polite: %j',
    (query) => {
      const both = createToolIndex([tool('t.check_merge', 'Check a merge'), tool('t.merge', 'Merge')]);
      expect(both.search(query)[0]?.id).toBe('t.merge');
    },
  );

  it('reads a question as one, whatever verb is in it', () => {
    const both = createToolIndex([
      tool('t.edit_space', 'Edit a space'),
      tool('t.list_editors', 'List who edits a space'),
    ]);
    expect(both.search('who may edit the space')[0]?.id).toBe('t.list_editors');
  });

  it('looks at rights when somebody asks or says who may do something', () => {
    const both = createToolIndex([
      tool('t.merge', 'Merge a branch'),
      tool('t.get_permission', 'Get the permission of a user'),
    ]);
    expect(both.search('may Ivan merge?').map(({ id }) => id)).toContain('t.get_permission');
    expect(both.search('merge it').map(({ id }) => id)).not.toContain('t.get_permission');
  });

  it('takes a given name for a person, not for a mistyped word', () => {
    const both = createToolIndex([tool('t.add_lists', 'Add a list'), tool('t.add_member', 'Add a member')]);
    expect(both.search('add Lisa')[0]?.id).toBe('t.add_member');
  });

  it('takes a subordinate clause for what is around, not for what is wanted', () => {
    const both = createToolIndex([tool('t.get_key', 'Get a key'), tool('t.upload_secret', 'Upload a secret')]);
    expect(both.search('get the key before I upload the secret')[0]?.id).toBe('t.get_key');
  });
});
