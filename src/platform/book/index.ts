export { type Book, type BookDeps, createBook, type Entry } from './book.ts';
export { listAll as listBook, type Row as BookRow, rewrite as rewriteEntry } from './store.ts';
