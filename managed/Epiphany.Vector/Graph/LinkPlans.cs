// Vector layer, graph. Changes of links that a new vertex wants, each of them an owner's links as they are and as they are to be.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Vector.Graph;

internal sealed unsafe class LinkPlans(int plans, int maxLinks)
{
    private readonly uint[] _old = GC.AllocateArray<uint>(plans * maxLinks, pinned: true);
    private readonly uint[] _links = GC.AllocateArray<uint>(plans * maxLinks, pinned: true);

    internal uint[] Owners { get; } = new uint[plans];

    /// <summary>Links that there are.</summary>
    internal int[] Counts { get; } = new int[plans];

    /// <summary>Where the new one is to be.</summary>
    internal int[] Places { get; } = new int[plans];

    /// <summary>Of the new link.</summary>
    internal uint[] Flags { get; } = new uint[plans];

    /// <summary>Whether a link to a vertex goes for it.</summary>
    internal bool[] Lost { get; } = new bool[plans];

    internal uint* Old(int plan) => (uint*)Unsafe.AsPointer(ref _old[plan * maxLinks]);

    internal uint* Links(int plan) => (uint*)Unsafe.AsPointer(ref _links[plan * maxLinks]);
}
