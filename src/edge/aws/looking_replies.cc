// What the answers to a look's questions mean: readings, refusals, and further questions.

#include <algorithm>
#include <utility>

#include "edge/aws/looking.h"
#include "edge/aws/retry.h"
#include "edge/aws/sqs.h"

namespace scaler::aws {
namespace {

/// Whoever may not read tags at all is asked for them no more often than that.
constexpr Duration kTagsPause = std::chrono::minutes(10);
constexpr Duration kTellTagsEach = std::chrono::hours(1);
/// An answer after so short a time is not slow, whatever the others took.
constexpr Duration kQuick = std::chrono::milliseconds(50);

/// Whether the reason of a refusal may lie in one member of the batch.
bool may_be_a_members_fault(ErrorKind kind) {
  return kind == ErrorKind::Denied || kind == ErrorKind::Rejected || kind == ErrorKind::NotFound;
}

/// Tags that are denied do not say that nobody paused the service: what they said last holds.
void remember_pause(LookedAtService& service, WithTags with_tags) {
  if (!*service.answer) {
    return;
  }
  std::optional<Instant>& told = (*service.answer)->service.paused_until;
  if (with_tags == WithTags::Yes) {
    service.paused_until = told;
  } else {
    told = service.paused_until;
  }
}

}  // namespace

void Looker::take_answers() {
  while (!group_->finished.empty()) {
    std::vector<FinishedCall> finished = std::exchange(group_->finished, {});
    for (FinishedCall& one : finished) {
      auto asked = questions_.extract(one.id);
      if (!asked.empty()) {
        settle(asked.mapped(), one);
      }
    }
  }
}

void Looker::settle(Question& question, FinishedCall& finished) {
  const Duration took =
      finished.reply.has_value() && finished.begun != Deadline{}
          ? std::max(std::chrono::ceil<Duration>(now() - finished.begun), Duration(1))
          : Duration::max();
  const Wait wait = question.wait;
  wait_for(question, Wait::NotAtAll);
  if (wait == Wait::ForIt && !question.slow && took != Duration::max()) {
    pace_of(question).took.push_back(took);
  }
  slow_under_way_ -= question.slow ? 1 : 0;
  const bool quick = took <= std::max(pace_of(question).slow_after, kQuick);
  const auto release = [quick](LookedAt& part) {
    part.asked_by = 0;
    part.slow = part.slow && !quick;
  };
  question.wait = wait;  // For what is asked in its place.
  if (question.queue != nullptr) {
    release(*question.queue);
    question.queue->left = finished.left;
    question.queue->answer = read_queue_depth(finished.reply, question.queue->url);
    return;
  }
  if (question.protection_of != nullptr) {
    release(question.protection_of->protection);
    settle_protection(question, finished);
    return;
  }
  for (LookedAtService* service : question.services) {
    release(*service);
  }
  settle_services(question, finished);
}

/// Begins to count the protected tasks of a service that has just been described.
void Looker::ask_protection(LookedAtService& service, Wait wait) {
  LookedAtProtection& protection = service.protection;
  if (!service.protection_wanted() || protection.answer || protection.open > 0 ||
      (protection.slow && current_.patience != Patience::All && slow_under_way_ >= kSlowMax)) {
    return;
  }
  protection.counting.emplace(service.id);
  protection.left = {};
  Question question{.slow = protection.slow, .wait = wait};
  if (protection.slow && current_.patience != Patience::All) {
    question.wait = Wait::Shortly;
  }
  ask_protection(service, {protection.counting->list()}, question);
}

void Looker::ask_protection(LookedAtService& service, std::vector<ApiCall> calls,
                            const Question& from) {
  for (ApiCall& call : calls) {
    Question question{.protection_of = &service,
                      .lists_tasks = ProtectionCount::lists(call),
                      .slow = from.slow,
                      .wait = from.wait};
    ask(std::move(call), std::move(question));
  }
}

void Looker::settle_protection(Question& question, const FinishedCall& finished) {
  LookedAtService& service = *question.protection_of;
  LookedAtProtection& protection = service.protection;
  --protection.open;
  if (protection.counting) {
    if (protection.left == Deadline{}) {
      protection.left = finished.left;  // Of the first call: nothing that it tells is older.
    }
    if (question.lists_tasks) {
      ask_protection(service, protection.counting->take_page(finished.reply), question);
    } else {
      protection.counting->take_protection(finished.reply);
    }
  }
  if (protection.open > 0) {
    return;
  }
  if (protection.counting) {
    protection.answer = protection.counting->count();
  }
  protection.counting.reset();
}

void Looker::settle_services(Question& question, FinishedCall& finished) {
  if (finished.reply.has_value()) {
    accept(question, *finished.reply, finished.left);
    return;
  }
  Error error = std::move(finished.reply).error();
  if (!may_be_a_members_fault(error.kind)) {
    for (LookedAtService* service : question.services) {
      service->left = finished.left;
      service->answer = std::unexpected(error);
    }
    return;
  }
  if (question.services.size() > 1) {
    split(question);
    return;
  }
  if (error.kind == ErrorKind::Denied && question.with_tags == WithTags::Yes) {
    Question repeat{.with_tags = WithTags::No,
                    .split_off = question.split_off,
                    .denied_with_tags = std::move(error),
                    .slow = question.slow,
                    .wait = question.wait};
    ask_services(question.services, repeat);
    return;
  }
  refuse(question, question.denied_with_tags.value_or(std::move(error)), finished.left);
}

/// Asks for each half of a batch that was refused: the guilty member ends up alone.
void Looker::split(Question& question) {
  const Question pattern{.with_tags = question.with_tags,
                         .split_off = true,
                         .slow = question.slow,
                         .wait = question.wait};
  const auto middle =
      question.services.begin() + static_cast<std::ptrdiff_t>(question.services.size() / 2);
  ask_services({question.services.begin(), middle}, pattern);
  ask_services({middle, question.services.end()}, pattern);
}

/// A refusal of one service. It is remembered only where neighbours have been spared it: a fleet of
/// one is asked each time.
void Looker::refuse(Question& question, Error error, Deadline left) {
  LookedAtService& service = *question.services.front();
  service.left = left;
  if (question.split_off || service.refusal) {
    const Duration pause = next_pause(service.refusal ? service.refusal->pause : Duration(0));
    service.refusal = RefusedService{.error = error, .pause = pause, .again = now() + pause};
  }
  service.answer = std::unexpected(std::move(error));
}

void Looker::accept(Question& question, const ApiReply& reply, Deadline left) {
  for (LookedAtService* service : question.services) {
    service->left = left;
    service->refusal.reset();
    service->answer = read_description(reply, service->id);
    remember_pause(*service, question.with_tags);
    ask_protection(*service, question.wait);
    if (question.with_tags == WithTags::Yes) {
      service->denied_tags.reset();
    } else if (question.denied_with_tags) {
      tell_of_denied_tags(*service, *question.denied_with_tags);
    }
  }
}

void Looker::tell_of_denied_tags(LookedAtService& service, const Error& denied) {
  const Deadline moment = now();
  // A denial may be one moment's, as when a policy is being changed, and the tags that are unread
  // meanwhile may tell a new pause.
  const Duration pause =
      next_pause(service.denied_tags ? service.denied_tags->pause : Duration(0), kTagsPause);
  service.denied_tags = DeniedTags{.pause = pause, .until = moment + pause};
  if (denied_tags_told_ && moment - *denied_tags_told_ < kTellTagsEach) {
    return;
  }
  denied_tags_told_ = moment;
  client_->log().write(
      LogLevel::Warn,
      "the tags of a service may not be read: nothing is remembered between processes, and a pause "
      "that is set now is seen late or not at all",
      {{"cluster", service.id.cluster},
       {"service", service.id.service},
       {"error", denied.message}});
}

}  // namespace scaler::aws
