#include "edge/aws/looking.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "edge/aws/sqs.h"

namespace scaler::aws {
namespace {

/// So long a look waits for what is known to be slow.
constexpr Duration kShortly = std::chrono::milliseconds(50);
/// Services whose tags were denied are asked for them again so many at a time.
constexpr std::size_t kTagTrials = 2;
constexpr CallId kPlanned = ~CallId{0};  ///< no call: it is about to be asked

std::string key_of(const ServiceId& id) {
  return id.cluster + "\n" + id.service;
}

/// Of a queue of the service.
std::string key_of(const ServiceId& id, const std::string& url) {
  return id.region.empty() ? url : url + "\n" + id.region;
}

/// Whether it is neither answered nor asked for yet; then it is to be asked now.
template <typename Part>
bool plan(Part& part) {
  if (part.answer || part.asked_by != 0) {
    return false;
  }
  part.asked_by = kPlanned;
  return true;
}

bool longer_unasked(const LookedAt* a, const LookedAt* b) {
  return a->last_asked < b->last_asked;
}

}  // namespace

Looker::Looker(Client& client, AccountRole role) : client_(&client), role_(std::move(role)) {}

Looker::~Looker() {
  for (const auto& [id, question] : questions_) {
    client_->cancel(id);
  }
}

void Looker::begin(std::span<const LookRequest> requests, Patience patience, Deadline deadline) {
  current_ = {.patience = patience, .deadline = deadline, .begun = now()};
  begin_paces();
  group_->renewal_tried = false;
  group_->clock_corrected = false;
  take_answers();
  find_all(requests);
  join_under_way();
  ask_all(requests);
}

std::vector<Look> Looker::finish(std::span<const LookRequest> requests) {
  end_waiting();
  learn_pace();
  std::vector<Look> looks = tell(requests);
  forget_told(requests);
  return looks;
}

void Looker::find_all(std::span<const LookRequest> requests) {
  for (const LookRequest& request : requests) {
    LookedAtService& service = services_[key_of(request.service)];
    if (service.id.service.empty()) {
      service.id = request.service;
    }
    service.protection.wanted = request.protection;
    current_.services.push_back(&service);
    for (const std::string& url : request.queue_urls) {
      LookedAtQueue& queue = queues_[key_of(request.service, url)];
      if (queue.url.empty()) {
        queue.url = url;
        queue.region = request.service.region;
      }
      current_.queues.push_back(&queue);
    }
  }
}

/// What is asked for since an earlier look is not asked for again. Of a batch it is not known which
/// of its members is slow: it is judged anew.
void Looker::join_under_way() {
  if (questions_.empty()) {
    return;
  }
  const Wait wait = current_.patience == Patience::All ? Wait::ForIt : Wait::Shortly;
  const auto join = [this, wait](const LookedAt* part) {
    const auto found = questions_.find(part->asked_by);
    if (found == questions_.end() || found->second.wait != Wait::NotAtAll) {
      return;
    }
    const bool several = found->second.services.size() > 1;
    current_.batches += several ? 1U : 0U;
    wait_for(found->second, several ? Wait::ForIt : wait);
  };
  std::ranges::for_each(current_.queues, join);
  std::ranges::for_each(current_.services, join);
  for (auto& [id, question] : questions_) {
    if (question.protection_of != nullptr && question.protection_of->protection.wanted &&
        question.wait == Wait::NotAtAll) {
      wait_for(question, wait);
    }
  }
}

void Looker::ask_all(std::span<const LookRequest> requests) {
  std::vector<LookedAtQueue*> slow_queues;
  for (LookedAtQueue* queue : current_.queues) {
    if (!plan(*queue)) {
      continue;
    }
    if (queue->slow) {
      slow_queues.push_back(queue);
    } else {
      ask(depth_call(*queue), {.queue = queue});
    }
  }
  std::vector<LookedAtService*> plain;
  std::vector<LookedAtService*> without_tags;
  std::vector<LookedAtService*> alone;
  std::vector<LookedAtService*> slow;
  std::size_t trials = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    LookedAtService* service = current_.services[i];
    if (requests[i].queues_alone) {
      continue;
    }
    ask_protection(*service, Wait::ForIt);  // Of one whose description came between two looks.
    const std::optional<RefusedService>& refusal = service->refusal;
    if ((refusal && current_.begun < refusal->again && !requests[i].urgent) || !plan(*service)) {
      continue;
    }
    if (refusal) {
      alone.push_back(service);
    } else if (service->slow) {
      slow.push_back(service);
    } else if (!service->denied_tags) {
      plain.push_back(service);
    } else if (current_.begun < service->denied_tags->until || trials == kTagTrials) {
      without_tags.push_back(service);
    } else {
      ++trials;
      alone.push_back(service);
    }
  }
  ask_services(std::move(plain), {});
  ask_services(std::move(without_tags), {.with_tags = WithTags::No});
  for (LookedAtService* service : alone) {
    ask_services({service}, {});
  }
  ask_slow(std::move(slow_queues), std::move(slow));
}

ApiCall Looker::depth_call(const LookedAtQueue& queue) const {
  ApiCall call = queue_depth_call(queue.url);
  call.region = queue.region;
  call.role = role_;
  return call;
}

/// By cluster, ten a call.
void Looker::ask_services(std::vector<LookedAtService*> services, const Question& pattern) {
  std::ranges::stable_sort(services, {}, [](const auto* one) { return call_key(one->id); });
  std::vector<ServiceId> ids;
  Question question = pattern;
  for (std::size_t i = 0; i < services.size(); ++i) {
    ids.push_back(services[i]->id);
    question.services.push_back(services[i]);
    const bool last =
        i + 1 == services.size() || call_key(services[i + 1]->id) != call_key(services[i]->id);
    if (last || ids.size() == kServicesPerDescription) {
      ask(describe_call(ids, pattern.with_tags), std::exchange(question, pattern));
      ids.clear();
    }
  }
}

/// What is known to be slow is asked, the longest unasked first, and no more than may be under way.
void Looker::ask_slow(std::vector<LookedAtQueue*> queues, std::vector<LookedAtService*> services) {
  std::ranges::stable_sort(queues, longer_unasked);
  std::ranges::stable_sort(services, longer_unasked);
  for (LookedAtQueue* queue : queues) {
    queue->asked_by = 0;
  }
  for (LookedAtService* service : services) {
    service->asked_by = 0;
  }
  current_.slow_queues.assign(queues.begin(), queues.end());
  current_.slow_services.assign(services.begin(), services.end());
  ask_more_slow();
}

/// Those for which there is room by now: who was slow for a moment answers quickly, and makes room.
void Looker::ask_more_slow() {
  const bool all = current_.patience == Patience::All;
  const Question pattern{.slow = true, .wait = all ? Wait::ForIt : Wait::Shortly};
  const auto is_room = [&] {
    return all || (slow_under_way_ < kSlowMax && now() < current_.begun + kShortly);
  };
  for (; !current_.slow_queues.empty() && is_room(); current_.slow_queues.pop_front()) {
    Question question = pattern;
    question.queue = current_.slow_queues.front();
    ask(depth_call(*question.queue), std::move(question));
  }
  for (; !current_.slow_services.empty() && is_room(); current_.slow_services.pop_front()) {
    LookedAtService* const service = current_.slow_services.front();
    Question question = pattern;
    question.with_tags = service->denied_tags ? WithTags::No : WithTags::Yes;
    ask_services({service}, question);
  }
}

void Looker::ask(ApiCall call, Question question) {
  const CallLimits limits{
      .start_by = current_.deadline,
      .answer_by = current_.patience == Patience::All ? current_.deadline : Deadline::max()};
  const CallId id = client_->start(std::move(call), group_, limits);
  const auto mark = [this, id](LookedAt& part) {
    part.asked_by = id;
    part.last_asked = current_.begun;
  };
  if (question.queue != nullptr) {
    mark(*question.queue);
  }
  for (LookedAtService* service : question.services) {
    mark(*service);
  }
  if (question.protection_of != nullptr) {
    mark(question.protection_of->protection);
    ++question.protection_of->protection.open;
  }
  slow_under_way_ += question.slow ? 1 : 0;
  current_.batches += question.services.size() > 1 ? 1U : 0U;
  const Wait wait = std::exchange(question.wait, Wait::NotAtAll);
  wait_for(questions_.emplace(id, std::move(question)).first->second, wait);
}

void Looker::wait_for(Question& question, Wait wait) {
  current_.awaited -= question.wait == Wait::ForIt ? 1 : 0;
  current_.hoped_for -= question.wait == Wait::Shortly ? 1 : 0;
  question.wait = wait;
  current_.awaited += wait == Wait::ForIt ? 1 : 0;
  current_.hoped_for += wait == Wait::Shortly ? 1 : 0;
}

std::optional<Deadline> Looker::step() {
  const Deadline shortly = current_.begun + kShortly;
  take_answers();
  ask_more_slow();
  while (current_.awaited > 0 || current_.hoped_for > 0) {
    const Deadline moment = now();
    if (moment >= current_.deadline || (current_.awaited == 0 && moment >= shortly)) {
      break;
    }
    for (Pace& pace : paces_) {
      if (learn_pace_early(pace)) {
        current_.check = std::min(current_.check, current_.begun + pace.slow_after);
      }
    }
    if (moment >= current_.check) {
      current_.check = set_slow_aside();
      continue;
    }
    return std::min(current_.deadline, current_.awaited > 0 ? current_.check : shortly);
  }
  return std::nullopt;
}

void Looker::set_aside(Question& question) {
  wait_for(question, Wait::NotAtAll);
  slow_under_way_ += question.slow ? 0 : 1;
  question.slow = true;
}

/// The latest go: an early one is nearer to its answer, or to its end.
void Looker::cancel_surplus() {
  auto next = questions_.end();
  while (slow_under_way_ > kSlowMax && next != questions_.begin()) {
    const auto question = std::prev(next);
    if (question->second.slow) {
      give_up(question);
    } else {
      next = question;
    }
  }
}

void Looker::give_up(std::map<CallId, Question>::iterator question) {
  client_->cancel(question->first);
  Question& asked = question->second;
  wait_for(asked, Wait::NotAtAll);
  slow_under_way_ -= asked.slow ? 1 : 0;
  if (asked.queue != nullptr) {
    asked.queue->asked_by = 0;
  }
  for (LookedAtService* service : asked.services) {
    service->asked_by = 0;
  }
  if (asked.protection_of != nullptr) {
    LookedAtProtection& protection = asked.protection_of->protection;
    protection.counting.reset();  // A part of it is lost.
    protection.asked_by = --protection.open == 0 ? 0 : protection.asked_by;
  }
  questions_.erase(question);
}

/// At the deadline: what has left stays under way if it may outlive this look.
void Looker::end_waiting() {
  if (current_.awaited == 0 && current_.hoped_for == 0) {
    return;
  }
  const bool outlives = current_.patience == Patience::AllButSlow;
  for (auto next = questions_.begin(); next != questions_.end();) {
    const auto question = next++;
    if (question->second.wait == Wait::Shortly) {
      wait_for(question->second, Wait::NotAtAll);
    } else if (question->second.wait == Wait::ForIt) {
      const CallProgress* progress = client_->progress(question->first);
      if (question->second.slow || (outlives && progress != nullptr && progress->begun)) {
        set_aside(question->second);
      } else {
        give_up(question);
      }
    }
  }
  cancel_surplus();
}

void Looker::forget_told(std::span<const LookRequest> requests) {
  for (LookedAtQueue* queue : current_.queues) {
    queue->answer.reset();
  }
  for (LookedAtService* service : current_.services) {
    service->answer.reset();
    service->protection.answer.reset();
    service->protection.wanted = false;
  }
  for (const LookRequest& request : requests) {
    for (const std::string& url : request.queue_urls) {
      if (const auto found = queues_.find(key_of(request.service, url));
          found != queues_.end() && found->second.asked_by == 0 && !found->second.slow) {
        queues_.erase(found);
      }
    }
    const auto found = services_.find(key_of(request.service));
    if (found != services_.end() && found->second.asked_by == 0 && !found->second.slow &&
        !found->second.refusal && !found->second.denied_tags && !found->second.paused_until &&
        found->second.protection.open == 0 && !found->second.protection.slow) {
      services_.erase(found);
    }
  }
  current_ = {};
}

}  // namespace scaler::aws
