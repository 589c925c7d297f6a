import { defineError } from '../../kernel/errors.ts';

export const DocumentUnreadable = defineError('DOCUMENT_UNREADABLE', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'The document "{name}" cannot be read ({reason}): {detail}.',
  action: '{remedy}',
});

export const UnknownCollection = defineError('UNKNOWN_COLLECTION', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no collection "{name}" that you may read.',
  action: 'These are there for you: {known}. The tool knowledge sources lists them with what they hold.',
});

export const UnknownPassage = defineError('UNKNOWN_PASSAGE', {
  status: 404,
  category: 'not_found',
  retryable: false,
  message: 'There is no passage {id} that you may read.',
  action: 'Its document has changed or is gone: ask again with the tool knowledge query, and take the id from there.',
});

export const NotWritable = defineError('COLLECTION_NOT_WRITABLE', {
  status: 403,
  category: 'permission',
  retryable: false,
  message: 'You may not write in the collection "{name}".',
  action: 'Ask an administrator to name you, your role or your team among its writers.',
});

export const CollectionDeclared = defineError('COLLECTION_DECLARED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The collection "{name}" is declared in the configuration file.',
  action: 'Change it there, or take another name.',
});

export const SyncUnderWay = defineError('SYNC_UNDER_WAY', {
  status: 409,
  category: 'validation',
  retryable: true,
  message: 'The source "{source}" of "{collection}" is being read already.',
  action: 'Wait until that run is over: fairlead knowledge runs shows how far it is.',
});

export const DocumentOvertaken = defineError('DOCUMENT_OVERTAKEN', {
  status: 409,
  category: 'timeout',
  retryable: true,
  message: 'The document was not kept: nothing was heard of this for so long that it was taken for abandoned.',
  action: 'Send it again. What was there before is still there.',
});

export const CollectionLocked = defineError('COLLECTION_LOCKED', {
  status: 503,
  category: 'internal',
  retryable: false,
  message: 'The key of the encrypted collection {collection} cannot be opened.',
  action:
    'It was wrapped by another secret, or by another `knowledge.encryption.key`: give that one as well (FAIRLEAD_OTHER_SECRETS, `otherKeys`). Without it the documents cannot be read: remove the collection and fill it again.',
});

export const EncryptionFixed = defineError('COLLECTION_ENCRYPTION_FIXED', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The collection "{name}" has documents, and whether they are encrypted cannot be changed.',
  action: 'Add a collection of another name with the setting as it should be, fill it, and remove this one.',
});

export const NoModel = defineError('COLLECTION_WITHOUT_MODEL', {
  status: 409,
  category: 'validation',
  retryable: false,
  message: 'The collection "{name}" has no embedding model, and so no vectors.',
  action: 'Name one under models.embedding in the configuration file, and restart.',
});

export const NoModelToAsk = defineError('NO_MODEL_TO_ASK', {
  status: 422,
  category: 'validation',
  retryable: false,
  message: 'Your client does not let its model be asked by sampling, and this server has none of its own.',
  action: 'Ask with the tool knowledge query, and answer from its passages.',
});

export const PageUnavailable = defineError('PAGE_UNAVAILABLE', {
  status: 422,
  category: 'external_service',
  retryable: true,
  message: 'The page at "{host}" cannot be had: {reason}.',
  action: 'Check the address, try again later, or send the text itself.',
});

export const knowledgeErrors = [
  DocumentUnreadable,
  UnknownCollection,
  UnknownPassage,
  NotWritable,
  CollectionDeclared,
  SyncUnderWay,
  DocumentOvertaken,
  NoModel,
  NoModelToAsk,
  PageUnavailable,
  CollectionLocked,
  EncryptionFixed,
];
