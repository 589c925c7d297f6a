import { defineError } from '../../../kernel/errors.ts';

export const SourceUnavailable = defineError('SOURCE_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The source {source} cannot be read now: {reason}.',
  action: 'What was indexed of it stays. Correct what the message names, then sync again.',
});

export const SourceRefused = defineError('SOURCE_REFUSED', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The source {source} refuses us: {reason}.',
  action: 'Check the credentials in its settings and what their owner may see there, then sync again.',
});

export const SourceMisconfigured = defineError('SOURCE_MISCONFIGURED', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'The source {source} cannot be used as it is set up: {reason}.',
  action: '{remedy}',
});

export const GitMissing = defineError('GIT_MISSING', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The source {source} needs the program git, which was not found.',
  action:
    "Install git on the server's machine and put its folder into PATH, or index a folder with a checkout instead.",
});

export const SourceItemGone = defineError('SOURCE_ITEM_GONE', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: '"{uri}" is not there any more.',
  action: 'Nothing: it leaves the index with this sync.',
});

export const SourceItemUnfit = defineError('SOURCE_ITEM_UNFIT', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: '"{uri}" is left out: {reason}.',
  action: 'Put what it says into a document that can be read, or exclude it from the source.',
});

export const SourceItemUnavailable = defineError('SOURCE_ITEM_UNAVAILABLE', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: '"{uri}" cannot be had now: {reason}.',
  action: 'What was indexed of it stays; the next sync tries again.',
});

export const sourcesErrors = [
  SourceUnavailable,
  SourceRefused,
  SourceMisconfigured,
  GitMissing,
  SourceItemGone,
  SourceItemUnfit,
  SourceItemUnavailable,
];
