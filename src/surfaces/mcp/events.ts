import type { JSONRPCMessage } from '@modelcontextprotocol/server';

/** What a client missed while its stream was cut, within bounds; the oldest go first. */
export function boundedEventStore({ maxEvents = 500, maxBytes = 2 * 1024 * 1024 } = {}) {
  interface Stored {
    id: string;
    stream: string;
    message: JSONRPCMessage;
    bytes: number;
  }
  const events: Stored[] = [];
  let bytes = 0;
  let count = 0;
  const streamOf = (eventId: string) => eventId.slice(0, eventId.lastIndexOf('~'));
  return {
    async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
      const stored = { id: `${stream}~${++count}`, stream, message, bytes: JSON.stringify(message).length };
      events.push(stored);
      bytes += stored.bytes;
      while (events.length > maxEvents || (bytes > maxBytes && events.length > 1)) bytes -= events.shift()?.bytes ?? 0;
      return stored.id;
    },
    async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
      return eventId.includes('~') ? streamOf(eventId) : undefined;
    },
    async replayEventsAfter(
      lastEventId: string,
      { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
    ): Promise<string> {
      const stream = streamOf(lastEventId);
      const after = Number(lastEventId.slice(lastEventId.lastIndexOf('~') + 1));
      for (const event of [...events]) {
        if (event.stream === stream && Number(event.id.slice(event.id.lastIndexOf('~') + 1)) > after) {
          await send(event.id, event.message);
        }
      }
      return stream;
    },
  };
}
