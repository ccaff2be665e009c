'use strict';
// The parameters of the stack, with what was given as their defaults: osls gives a stack nothing else.
// It takes no Rules in `resources` either, so those of the template are asserted here, before anything is
// uploaded. Without them a service in mode backlog that was given no maximum started thousands of tasks.

const evaluate = (expression, parameters) => {
  if (typeof expression !== 'object') return String(expression);
  const [[name, argument]] = Object.entries(expression);
  if (name === 'Ref') return String(parameters[argument].Default);
  const values = argument.map((one) => evaluate(one, parameters));
  switch (name) {
    case 'Fn::Equals': return values[0] === values[1];
    case 'Fn::Not': return !values[0];
    case 'Fn::And': return values.every(Boolean);
    case 'Fn::Or': return values.some(Boolean);
    default: throw new Error(`a rule of the template calls ${name}, which is not known here`);
  }
};

module.exports = async ({ resolveVariable }) => {
  const template = (part) => resolveVariable(`file(../../deploy/cloudformation/template.yaml):${part}`);
  const parameters = await template('Parameters');
  const given = await resolveVariable('file(../../deploy/serverless/common.yml):parameters');
  for (const [name, members] of Object.entries(given)) Object.assign(parameters[name], members);

  const refusals = Object.values(await template('Rules'))
    .filter(({ RuleCondition }) => !RuleCondition || evaluate(RuleCondition, parameters))
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => !evaluate(Assert, parameters))
    .map(({ AssertDescription }) => AssertDescription);
  // Without its stack osls tells what is wrong, and not where in this file that was found.
  if (refusals.length > 0) throw Object.assign(new Error(refusals.join('; ')), { stack: '' });
  return parameters;
};
