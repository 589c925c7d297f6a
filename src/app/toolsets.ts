import type { DeclaredPreview } from '../capabilities/approvals/index.ts';
import type { Catalog } from '../capabilities/catalog/index.ts';
import type { OwnToolset, ToolProvider } from '../kernel/call.ts';
import { splitToolId } from '../kernel/names.ts';
import type { ResourceSubscriptions } from '../surfaces/mcp/index.ts';
import { previewBy } from './beside.ts';

/** Fairlead's own toolsets beside those of upstreams. */
export interface Toolsets {
  providerOf(toolset: string): ToolProvider;
  subscriptions: ResourceSubscriptions;
  /** What one of our own tools has to show what a call of it would change. */
  previewOf(id: string): DeclaredPreview | undefined;
  /** Puts them into the catalog and keeps them current. */
  start(): void;
  stop(): void;
}

interface Deps {
  own: readonly OwnToolset[];
  catalog: Catalog;
  upstreams: ToolProvider & ResourceSubscriptions;
}

type Listener = Parameters<ResourceSubscriptions['onResourceUpdated']>[0];

export function createToolsets({ own, catalog, upstreams }: Deps): Toolsets {
  const byName = new Map(own.map((toolset) => [toolset.name, toolset]));
  const listeners = new Set<Listener>();
  const undo: (() => void)[] = [];

  const provide = (toolset: OwnToolset) =>
    catalog.provide(toolset.name, toolset.list(), { trustAnnotations: true, tools: {}, callTimeoutMs: 60_000 });

  return {
    providerOf: (name) => byName.get(name)?.provider ?? upstreams,
    previewOf(id) {
      const { toolset = '', name = '' } = splitToolId(id) ?? {};
      const preview = byName.get(toolset)?.previews?.[name];
      return preview && previewBy(`${toolset}.${preview.by}`, preview.arguments);
    },
    subscriptions: {
      async subscribe(org, name, uri) {
        const toolset = byName.get(name);
        if (!toolset) return upstreams.subscribe(org, name, uri);
        const end = toolset.subscribe?.(uri, () => {
          for (const listener of listeners) listener({ org, toolset: name, uri });
        });
        return async () => end?.();
      },
      onResourceUpdated(listener) {
        listeners.add(listener);
        const end = upstreams.onResourceUpdated(listener);
        return () => {
          listeners.delete(listener);
          end();
        };
      },
    },
    start() {
      for (const toolset of own) {
        provide(toolset);
        const end = toolset.onChange?.(() => provide(toolset));
        if (end) undo.push(end);
      }
    },
    stop() {
      for (const end of undo.splice(0)) end();
    },
  };
}
