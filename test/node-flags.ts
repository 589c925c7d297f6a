/**
 * How tests run Node, in their own processes and in the servers that they start. V8 optimises WebAssembly where it has been run for a
 * while: for a database that lives for seconds that costs more processor time than all of its queries, so here only what is much
 * busier is optimised (the default is 13 million). What is computed is the same.
 */
export const nodeFlags = ['--wasm-tiering-budget=300000000'];
