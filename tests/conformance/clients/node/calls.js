// A child process of test_clients.py: the calls of a user of the AWS SDK for JavaScript v3, and what
// they brought as one JSON object.
import { setTimeout as sleep } from 'node:timers/promises';
import * as ecs from '@aws-sdk/client-ecs';
import * as lambda from '@aws-sdk/client-lambda';
import * as sqs from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';

const { body, cluster, attribute } = JSON.parse(process.argv[2]);
const queues = new sqs.SQSClient({ maxAttempts: 1 });
const services = new ecs.ECSClient({ maxAttempts: 1 });
const functions = new lambda.LambdaClient({ maxAttempts: 1 });

async function errorOf(call) {
  try {
    await call;
  } catch (error) {
    return error.name;
  }
  return 'no error';
}

async function messages() {
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({
    QueueName: 'clients', Attributes: { VisibilityTimeout: '60' } }));
  await queues.send(new sqs.SendMessageCommand({
    QueueUrl, MessageBody: body,
    MessageAttributes: { note: { DataType: 'String', StringValue: attribute } } }));
  const one = await queues.send(new sqs.ReceiveMessageCommand({
    QueueUrl, WaitTimeSeconds: 1, MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['All'] }));
  const [message] = one.Messages;
  await queues.send(new sqs.DeleteMessageCommand({
    QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  const sent = await queues.send(new sqs.SendMessageBatchCommand({
    QueueUrl, Entries: ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: `batch ${Id}` })) }));
  const many = await queues.send(new sqs.ReceiveMessageCommand({
    QueueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 10 }));
  const deleted = await queues.send(new sqs.DeleteMessageBatchCommand({
    QueueUrl,
    Entries: many.Messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle })) }));
  const { Attributes } = await queues.send(new sqs.GetQueueAttributesCommand({
    QueueUrl, AttributeNames: ['All'] }));
  return {
    queue: QueueUrl, body: message.Body, attribute: message.MessageAttributes.note.StringValue,
    receives: message.Attributes.ApproximateReceiveCount,
    batch: many.Messages.map((m) => m.Body), sent: sent.Successful.length,
    deleted: deleted.Successful.length,
    left: Attributes.ApproximateNumberOfMessages, visibility: Attributes.VisibilityTimeout,
    noQueue: await errorOf(queues.send(new sqs.GetQueueUrlCommand({ QueueName: 'none' }))),
  };
}

async function tasks() {
  await services.send(new ecs.RegisterTaskDefinitionCommand({
    family: 'clients', containerDefinitions: [{ name: 'a', image: 'b', memory: 128 }] }));
  const { service } = await services.send(new ecs.CreateServiceCommand({
    cluster, serviceName: 'clients', taskDefinition: 'clients', desiredCount: 0 }));
  await services.send(new ecs.UpdateServiceCommand({
    cluster, service: 'clients', desiredCount: 2 }));
  let states = [];
  while (states.length < 2 || states.some((state) => state !== 'RUNNING')) {
    await sleep(50);
    const { taskArns } = await services.send(new ecs.ListTasksCommand({
      cluster, serviceName: 'clients' }));
    if (taskArns.length > 0) {
      const answer = await services.send(new ecs.DescribeTasksCommand({ cluster, tasks: taskArns }));
      states = answer.tasks.map((task) => task.lastStatus);
    }
  }
  const described = await services.send(new ecs.DescribeServicesCommand({
    cluster, services: ['clients'] }));
  return {
    desiredBefore: service.desiredCount, created: service.createdAt > new Date(2020, 0),
    desired: described.services[0].desiredCount, states,
    noService: await errorOf(services.send(new ecs.UpdateServiceCommand({
      cluster, service: 'none', desiredCount: 1 }))),
  };
}

async function hosted() {
  const answer = await functions.send(new lambda.InvokeCommand({
    FunctionName: 'ecs-scaler', Payload: JSON.stringify({ dry_run: true }) }));
  const { EventSourceMappings } = await functions.send(new lambda.ListEventSourceMappingsCommand({
    FunctionName: 'ecs-scaler' }));
  return {
    status: answer.StatusCode, failed: answer.FunctionError ?? null,
    isJson: typeof JSON.parse(answer.Payload.transformToString()),
    mappings: EventSourceMappings.length,
  };
}

/** sqs-consumer, in batches: what it was given. */
async function consumed() {
  const { QueueUrl: queueUrl } = await queues.send(new sqs.CreateQueueCommand({
    QueueName: 'consumed' }));
  const expected = Array.from({ length: 25 }, (_, i) => `message ${i}`);
  for (let at = 0; at < expected.length; at += 10) {
    await queues.send(new sqs.SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: expected.slice(at, at + 10).map((MessageBody, i) => ({ Id: `${i}`, MessageBody })) }));
  }
  const seen = [];
  await new Promise((resolve, reject) => {
    const consumer = Consumer.create({
      queueUrl, sqs: queues, batchSize: 10, waitTimeSeconds: 1, visibilityTimeout: 20,
      heartbeatInterval: 10,
      handleMessageBatch: async (batch) => {
        seen.push(...batch.map((message) => message.Body));
        return batch;
      },
    });
    consumer.on('error', reject);
    consumer.on('processing_error', reject);
    consumer.on('stopped', resolve);
    consumer.on('empty', () => consumer.stop());
    consumer.start();
  });
  const { Attributes } = await queues.send(new sqs.GetQueueAttributesCommand({
    QueueUrl: queueUrl, AttributeNames: ['All'] }));
  return {
    all: seen.toSorted().join() === expected.toSorted().join(),
    left: Number(Attributes.ApproximateNumberOfMessages)
      + Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

console.log(JSON.stringify({
  sqs: await messages(), ecs: await tasks(), lambda: await hosted(), consumer: await consumed() }));
