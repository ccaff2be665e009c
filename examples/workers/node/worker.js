// A worker for SQS on ECS, with sqs-consumer and the AWS SDK for JavaScript v3: copy it and write
// your own work().
//
// It receives one message at a time, protects its task from scale-in while it works, keeps the
// message invisible for as long as the work takes, deletes it when the work is done, and ends on
// SIGTERM after the work in hand. With `scale_in_when: protected` the scaler then never cuts a work
// short.
//
// Environment: SQS_QUEUE_URL; PROTECTED_MINUTES; WORK_SECONDS, for the stand-in below; what ECS
// itself sets.

import { setTimeout as sleep } from 'node:timers/promises';
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';

// Seconds; renewed at half, so that a worker that dies gives the message back soon.
const VISIBILITY = 30;
// Asked for again at a third of it, so that work may take longer.
const PROTECTED_MINUTES = Number(process.env.PROTECTED_MINUTES) || 60;
const REFUSED_PAUSE_MS = 5000;

const queueUrl = process.env.SQS_QUEUE_URL;
const sqs = new SQSClient({});
const stopping = new AbortController();

/** Your work. What throws is not deleted: it comes again, at last to the dead-letter queue. */
async function work(body) {
  await sleep(1000 * Number(process.env.WORK_SECONDS ?? '1'));
  console.log('done:', body);
}

/**
 * Asks the ECS agent for task scale-in protection; whether the task has it.
 *
 * A refusal is an answer with status 200 and a `failure`: the task is about to stop, or more tasks
 * would be protected than are desired. Outside ECS there is no agent and nothing to protect from.
 */
async function protect(enabled) {
  const agent = process.env.ECS_AGENT_URI;
  if (!agent) {
    return true;
  }
  const state = { ProtectionEnabled: enabled };
  if (enabled) {
    state.ExpiresInMinutes = PROTECTED_MINUTES;
  }
  try {
    const response = await fetch(`${agent}/task-protection/v1/state`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(state),
      signal: AbortSignal.timeout(2000),
    });
    const answer = await response.json();
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    return answer.failure === undefined;
  } catch (error) {
    console.log('no answer of the ECS agent, the work goes on unprotected:', error.message);
    return true;
  }
}

/** Resolves early when the worker is to end. */
const pause = (ms) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});

/** Works while the task is protected, however long it takes. */
async function workProtected(body) {
  let renewed = Promise.resolve();
  const renewal = setInterval(() => { renewed = protect(true); }, (PROTECTED_MINUTES * 60_000) / 3);
  try {
    await work(body);
  } finally {
    clearInterval(renewal);
    await renewed; // What comes late would undo the end of the protection.
  }
}

async function handleMessage(message) {
  if (await protect(true)) {
    await workProtected(message.Body);
    return message; // sqs-consumer deletes it.
  }
  // Another task does it: this one may be stopped at any moment.
  await sqs.send(new ChangeMessageVisibilityCommand({
    QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0,
  }));
  await pause(REFUSED_PAUSE_MS);
  return undefined;
}

let worked = false;
const consumer = Consumer.create({
  queueUrl,
  sqs,
  batchSize: 1,
  waitTimeSeconds: 5,
  visibilityTimeout: VISIBILITY,
  heartbeatInterval: VISIBILITY / 2,
  handleMessage,
  // The message before is deleted by now, or has failed.
  preReceiveMessageCallback: async () => {
    if (worked) {
      await protect(false);
    }
    worked = false;
  },
});
consumer.on('message_received', () => { worked = true; });
for (const name of ['error', 'processing_error']) {
  consumer.on(name, (error) => console.log('failed:', error.message));
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  // Without `abort`: a poll that is broken off may have taken a message that nobody sees.
  process.on(signal, () => {
    stopping.abort();
    consumer.stop();
  });
}
consumer.start();
