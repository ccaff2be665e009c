#include "emulator/front/iam_query.h"

#include <array>

namespace scaler::emulator {
namespace {

using enum Shape;

/// A list, whose elements stand below "member".
constexpr Member many(std::string_view name, Shape shape, std::span<const Member> members = {}) {
  return {.name = name, .wire = name, .shape = shape, .members = members, .in_member = true};
}

constexpr Member kName = one("RoleName");
constexpr std::array kTag{one("Key"), one("Value")};
constexpr Member kTags = many("Tags", Structures, kTag);
constexpr Member kWhole = one("IsTruncated", Flag);
constexpr Member kMarker = one("Marker");
constexpr Member kMost = one("MaxItems", Integer);
constexpr std::array kBoundary{one("PermissionsBoundaryType"), one("PermissionsBoundaryArn")};
constexpr std::array kRole{
    one("Path"),
    kName,
    one("RoleId"),
    one("Arn"),
    one("CreateDate", Moment),
    one("AssumeRolePolicyDocument"),
    one("Description"),
    one("MaxSessionDuration", Integer),
    Member{"PermissionsBoundary", "PermissionsBoundary", Structure, kBoundary},
    kTags};
constexpr std::array kAttached{one("PolicyName"), one("PolicyArn")};

constexpr std::array kCreate{one("Path"),
                             kName,
                             one("AssumeRolePolicyDocument"),
                             one("Description"),
                             one("MaxSessionDuration", Integer),
                             one("PermissionsBoundary"),
                             kTags};
constexpr std::array kCreated{Member{"Role", "Role", Structure, kRole}};
constexpr std::array kOfRole{kName};
constexpr std::array kList{one("PathPrefix"), kMarker, kMost};
constexpr std::array kRoles{many("Roles", Structures, kRole), kWhole};
constexpr std::array kUpdate{kName, one("Description"), one("MaxSessionDuration", Integer)};
constexpr std::array kBound{kName, one("PermissionsBoundary")};
constexpr std::array kTrust{kName, one("PolicyDocument")};
constexpr std::array kPut{kName, one("PolicyName"), one("PolicyDocument")};
constexpr std::array kOfPolicy{kName, one("PolicyName")};
constexpr std::array kListOfRole{kName, one("PathPrefix"), kMarker, kMost};
constexpr std::array kPage{kName, kMarker, kMost};
constexpr std::array kProfiles{many("InstanceProfiles", Texts), kWhole};
constexpr std::array kNames{many("PolicyNames", Texts), kWhole};
constexpr std::array kAttach{kName, one("PolicyArn")};
constexpr std::array kAllAttached{many("AttachedPolicies", Structures, kAttached), kWhole};
constexpr std::array kTagged{kName, kTags};
constexpr std::array kUntagged{kName, many("TagKeys", Texts)};
constexpr std::array kRoleTags{kTags, kWhole};

constexpr std::array<QueryOperation, 19> kOperations{
    {{"AttachRolePolicy", kAttach},
     {"CreateRole", kCreate, kCreated},
     {"DeleteRole", kOfRole},
     {"DeleteRolePermissionsBoundary", kOfRole},
     {"DeleteRolePolicy", kOfPolicy},
     {"DetachRolePolicy", kAttach},
     {"GetRole", kOfRole, kCreated},
     {"GetRolePolicy", kOfPolicy, kPut},
     {"ListAttachedRolePolicies", kListOfRole, kAllAttached},
     {"ListInstanceProfilesForRole", kPage, kProfiles},
     {"ListRolePolicies", kPage, kNames},
     {"ListRoles", kList, kRoles},
     {"ListRoleTags", kPage, kRoleTags},
     {"PutRolePermissionsBoundary", kBound},
     {"PutRolePolicy", kPut},
     {"TagRole", kTagged},
     {"UntagRole", kUntagged},
     {"UpdateAssumeRolePolicy", kTrust},
     {"UpdateRole", kUpdate, {}, true}}};

}  // namespace

constexpr QueryService kIamQuery{"https://iam.amazonaws.com/doc/2010-05-08/", "2010-05-08",
                                 kOperations};

}  // namespace scaler::emulator
