export type { EvaluationReport, EvaluationSummary } from './evaluation/evaluations.ts';
export { type QuestionFile, readQuestions } from './evaluation/file.ts';
export { evaluationInput } from './evaluation/questions.ts';
export type { Vote } from './feedback/store.ts';
export { feedbackArguments, feedbackTool } from './feedback/tool.ts';
export { gapDays } from './gaps/gaps.ts';
export { qualityMigrations } from './migrations.ts';
export { createQuality, purgeQuality, type Quality } from './quality.ts';
