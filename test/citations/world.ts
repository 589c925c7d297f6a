import type { Evidence } from '../../src/capabilities/knowledge/answer/evidence.ts';
import type { Language } from '../../src/capabilities/knowledge/types.ts';

/** Passages, and sentences that a model might write of them: which of them are true by what they cite? */
export interface CitationWorld {
  name: string;
  language: Language;
  passages: Evidence[];
  /** With the marks of what they cite. */
  supported: string[];
  unsupported: string[];
}

export const passage = (title: string, text: string, headings: string[] = []): Evidence => ({ title, text, headings });
