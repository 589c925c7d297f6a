import type { ChatSettings } from '../config/schema.ts';
import { type ChatModel, createChat } from '../platform/models/index.ts';
import type { Metrics } from '../platform/telemetry/index.ts';

/** The chat model of the settings, with what it takes in the metrics; `sampling` is the model of whoever calls. */
export function openChat(
  settings: ChatSettings | 'sampling' | undefined,
  { fetch, metrics }: { fetch(url: string | URL, init?: RequestInit): Promise<Response>; metrics: Metrics },
): ChatModel | 'sampling' | undefined {
  if (settings === undefined || settings === 'sampling') return settings;
  const tokens = metrics.counter(
    'fairlead_chat_tokens_total',
    'Tokens that the chat model read and wrote, as it counts',
  );
  const cost = metrics.counter('fairlead_chat_cost_total', 'What they cost at the price that the settings name');
  return createChat({
    settings,
    fetch,
    used(used, costs) {
      tokens(used.input + used.output);
      cost(costs);
    },
  });
}
