/*
 * Words of TPC-H's data (specification, 4.2.2.13 and 4.2.3): what columns are chosen from, and the pools of its text grammar.
 *
 * The specification lists the pools without weights. Known data are skewed: few words make most of the text, those that query 13 looks
 * for among them. So each pool is cut into tiers; a word of a tier is chosen as often as its weight says.
 */
#ifndef TPCH_WORDS_H
#define TPCH_WORDS_H

typedef struct Tier
{
	int			weight;
	const char *words;			/* separated by '|' */
} Tier;

#define TIERS 4

static const Tier nouns[TIERS] = {
	{40, "packages|requests|accounts|deposits"},
	{20, "foxes|ideas|theodolites|pinto beans|instructions"},
	{8, "dependencies|excuses|platelets|asymptotes|courts|dolphins"},
	{1, "multipliers|sauternes|warthogs|frets|dinos|attainments|somas|Tiresias'|patterns|forges|braids|hockey players|frays|warhorses|"
		"dugouts|notornis|epitaphs|pearls|tithes|waters|orbits|gifts|sheaves|depths|sentiments|decoys|realms|pains|grouches|escapades"},
};
static const Tier verbs[TIERS] = {
	{20, "sleep|wake|are|cajole|haggle"},
	{10, "nag|use|boost"},
	{4, "affix|detect|integrate"},
	{1, "maintain|nod|was|lose|sublate|solve|thrash|promise|engage|hinder|print|x-ray|breach|eat|grow|impress|mold|poach|serve|run|dazzle|"
		"snooze|doze|unwind|kindle|play|hang|believe|doubt"},
};
static const Tier adjectives[TIERS] = {
	{45, "regular|final|ironic"},
	{22, "special|pending|unusual|express|even|bold"},
	{10, "silent"},
	{1, "furious|sly|careful|blithe|quick|fluffy|slow|quiet|ruthless|thin|close|dogged|daring|brave|stealthy|permanent|enticing|idle|busy"},
};
static const Tier adverbs[TIERS] = {
	{48, "furiously|slyly|carefully|blithely"},
	{25, "quickly|fluffily"},
	{2, "finally|ironically|evenly|boldly|silently|regularly"},
	{1, "sometimes|always|never|slowly|quietly|ruthlessly|thinly|closely|doggedly|daringly|bravely|stealthily|permanently|enticingly|idly|"
		"busily"},
};
static const Tier prepositions[TIERS] = {
	{50, "about|above|according to|across|after|against|along"},
	{10, "alongside of|among"},
	{4, "around|at|atop"},
	{1, "before|behind|beneath|beside|besides|between|beyond|by|despite|during|except|for|from|in place of|inside|instead of|into|near|of|"
		"on|outside|over|past|since|through|throughout|to|toward|under|until|up|upon|without|with|within"},
};
static const Tier auxiliaries[TIERS] = {
	{1, "do|may|might|shall|will|would|can|could|should"},
	{1, "ought to|must|will have to|shall have to|could have to|should have to"},
	{1, "must have to|need to|try to"},
	{0, ""},
};
static const Tier terminators[TIERS] = {
	{50, "."},
	{1, ";|:|?|!|--"},
	{0, ""},
	{0, ""},
};

static const char *const colors[] = {
	"almond", "antique", "aquamarine", "azure", "beige", "bisque", "black", "blanched", "blue", "blush", "brown", "burlywood",
	"burnished", "chartreuse", "chiffon", "chocolate", "coral", "cornflower", "cornsilk", "cream", "cyan", "dark", "deep", "dim",
	"dodger", "drab", "firebrick", "floral", "forest", "frosted", "gainsboro", "ghost", "goldenrod", "green", "grey", "honeydew",
	"hot", "indian", "ivory", "khaki", "lace", "lavender", "lawn", "lemon", "light", "lime", "linen", "magenta", "maroon", "medium",
	"metallic", "midnight", "mint", "misty", "moccasin", "navajo", "navy", "olive", "orange", "orchid", "pale", "papaya", "peach",
	"peru", "pink", "plum", "powder", "puff", "purple", "red", "rose", "rosy", "royal", "saddle", "salmon", "sandy", "seashell",
	"sienna", "sky", "slate", "smoke", "snow", "spring", "steel", "tan", "thistle", "tomato", "turquoise", "violet", "wheat", "white",
	"yellow"
};

static const char *const type_size[] = {"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
static const char *const type_finish[] = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
static const char *const type_metal[] = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
static const char *const container_size[] = {"SM", "LG", "MED", "JUMBO", "WRAP"};
static const char *const container_kind[] = {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};
static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};

static const char *const regions[] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
static const struct
{
	const char *name;
	int			region;
}			nations[] = {
	{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4}, {"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3},
	{"INDIA", 2}, {"INDONESIA", 2}, {"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0}, {"MOROCCO", 0},
	{"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3}, {"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3},
	{"UNITED KINGDOM", 3}, {"UNITED STATES", 1}
};

#endif
