import { describe, expect, it } from 'vitest';
import { rootOf, stemOf, wordsOf } from './words.ts';

describe('words of a text', () => {
  it.each([
    ['create_issue', ['create', 'issue']],
    ['repos/list-for-org', ['repos', 'list', 'for', 'org']],
    ['listPullRequests', ['list', 'pull', 'requests']],
    ['getHTTPStatus', ['get', 'http', 'status']],
    ['browser.tab-v2', ['browser', 'tab', 'v2']],
    ['read_file2base64', ['read', 'file2base64']],
    ["what's Ann's file?", ['what', 'ann', 'file']],
    ['Café naïve', ['cafe', 'naive']],
    ['удалить файл', ['удалить', 'фаил']],
    ['删除文件', ['删除', '除文', '文件']],
    ['', []],
    ['?!*()', []],
  ])('takes %j apart', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('knows a name in capitals as one word in prose and as several in identifiers', () => {
    expect(wordsOf('GitHub')).toEqual(['github']);
    expect(wordsOf('DescribeInstances', true)).toEqual(['describe', 'instances']);
  });

  it('leaves out what is too long to be a word', () => {
    expect(wordsOf(`a ${'x'.repeat(41)} b`)).toEqual(['a', 'b']);
  });
});

describe('stems', () => {
  it.each([
    ['directory', 'directories'],
    ['create', 'created', 'creates', 'creating'],
    ['run', 'running', 'runs', 'ran'],
    ['branch', 'branches'],
    ['write', 'wrote', 'written', 'writing'],
    ['index', 'indices', 'indexes'],
    ['pr', 'prs'],
    ['child', 'children'],
    ['repository', 'repo', 'repos', 'repositories'],
    ['kubernetes', 'k8s'],
    ['database', 'db'],
  ])('are the same for all forms of %s', (word, ...forms) => {
    expect(new Set(forms.map(stemOf))).toEqual(new Set([stemOf(word)]));
  });

  it.each(['string', 'status', 'bring', 'red', 'access', 'analysis', 'feed', 'v2', 'löschen'])(
    'leave %s as it is',
    (word) => {
      expect(stemOf(word)).toBe(word === 'analysis' ? stemOf('analyses') : word);
    },
  );
});

describe('roots', () => {
  it.each([
    ['deploy', 'deployment', 'deployer'],
    ['delete', 'deletion'],
    ['vulnerable', 'vulnerability'],
    ['depend', 'dependency', 'dependencies'],
    ['assign', 'assignee', 'assignment'],
    ['approve', 'approval'],
    ['invite', 'invitation'],
  ])('join the family of %s', (word, ...relatives) => {
    expect(new Set(relatives.map((each) => rootOf(stemOf(each))))).toEqual(new Set([rootOf(stemOf(word))]));
  });

  it.each([
    ['general', 'generate'],
    ['user', 'use'],
    ['comment', 'commit'],
  ])('keep %s and %s apart', (one, other) => {
    expect(rootOf(stemOf(one))).not.toBe(rootOf(stemOf(other)));
  });
});
