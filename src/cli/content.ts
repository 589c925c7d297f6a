import { isObject } from '../kernel/json.ts';
import { safe } from './terminal.ts';

/** The content of a tool's result as text: what is text as it is, anything else as one line about it. */
export function renderContent(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content.map(renderItem).join('\n');
}

function renderItem(item: unknown): string {
  if (!isObject(item)) return '';
  switch (item.type) {
    case 'text':
      return safe(String(item.text ?? ''));
    case 'image':
    case 'audio':
      return `[${item.type} ${item.mimeType ?? ''}, ${bytesOf(item.data)} bytes; --json shows it]`;
    case 'resource_link':
      return `[resource ${safe(String(item.uri ?? ''))}${item.name ? ` "${safe(String(item.name))}"` : ''}]`;
    case 'resource': {
      const resource = isObject(item.resource) ? item.resource : {};
      if (typeof resource.text === 'string') return safe(resource.text);
      return `[resource ${safe(String(resource.uri ?? ''))}, ${bytesOf(resource.blob)} bytes; --json shows it]`;
    }
    default:
      return `[${safe(String(item.type))}; --json shows it]`;
  }
}

function bytesOf(base64: unknown): number {
  return typeof base64 === 'string' ? Buffer.byteLength(base64, 'base64') : 0;
}
