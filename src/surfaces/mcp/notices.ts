import type { CatalogChange } from '../../capabilities/catalog/index.ts';
import type { McpDeps } from './deps.ts';
import type { Modern } from './modern.ts';
import type { Sessions } from './sessions.ts';

/** Tells clients of both eras what changed. Returns the way to stop. */
export function startNotices(deps: McpDeps, sessions: Sessions, modern: Modern): () => void {
  const listsChanged = ({ org, tools, prompts, resources }: Partial<CatalogChange>) => {
    sessions.each((session) => {
      if (org !== undefined && session.principal.org !== org) return;
      const { server } = session;
      if (tools) server.sendToolListChanged().catch(() => undefined);
      if (prompts) server.sendPromptListChanged().catch(() => undefined);
      if (resources) server.sendResourceListChanged().catch(() => undefined);
    });
    modern.each((owner, _endpoint, { notify }) => {
      if (org !== undefined && owner !== org) return;
      if (tools) notify.toolsChanged();
      if (prompts) notify.promptsChanged();
      if (resources) notify.resourcesChanged();
    });
  };
  const stopCatalog = deps.catalog.onChange(listsChanged);
  const stopPolicy = deps.rulesChanged(() => listsChanged({ tools: true, prompts: true, resources: true }));

  const stopResources = deps.subscriptions.onResourceUpdated(({ org, toolset, uri }) => {
    const wireUri = (principal: { org: string }, endpoint: string | undefined) => {
      try {
        const view = deps.gateway.view(principal.org, endpoint);
        return view.toolsets.some((state) => state.toolset === toolset) ? view.wireUri(toolset, uri) : undefined;
      } catch {
        return undefined; // the endpoint is gone from the file
      }
    };
    sessions.each(({ principal, endpoint, server, subscriptions }) => {
      const onWire = principal.org === org ? wireUri(principal, endpoint) : undefined;
      if (onWire && subscriptions.has(onWire)) server.sendResourceUpdated({ uri: onWire }).catch(() => undefined);
    });
    modern.each((owner, endpoint, { notify }) => {
      const onWire = owner === org ? wireUri({ org }, endpoint) : undefined;
      if (onWire) notify.resourceUpdated(onWire);
    });
  });

  return () => {
    stopCatalog();
    stopPolicy();
    stopResources();
  };
}
