import type { CatalogSnapshot } from './snapshot.ts';

/** Which kinds look different to a client. */
export interface KindsChanged {
  tools: boolean;
  prompts: boolean;
  resources: boolean;
}

/** Stale items still count as they were: who is away is no change of what there is. */
export function changedKinds(before: CatalogSnapshot, after: CatalogSnapshot): KindsChanged {
  const differs = (print: (snapshot: CatalogSnapshot) => string) => print(before) !== print(after);
  return {
    tools: differs(({ tools }) => printOf([...tools.values()])),
    prompts: differs(({ prompts }) => printOf(prompts)),
    resources: differs(({ resources, templates }) => `${printOf(resources)}\n\n${printOf(templates)}`),
  };
}

function printOf(items: readonly { toolset: string; name: string; status: string; digest: string }[]): string {
  return items
    .filter(({ status }) => status === 'live' || status === 'stale')
    .map(({ toolset, name, digest }) => `${toolset} ${name} ${digest}`)
    .join('\n');
}
