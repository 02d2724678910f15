"""Pure planners: config and facts in, a plan out."""
